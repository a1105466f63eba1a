# Northflank.
provider "northflank" {
  title    = "Northflank"
  docs     = "https://northflank.com/docs/v1/api/introduction"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive # of a role that may read and update the secrets of projects
  }

  base_url = "https://api.northflank.com/v1"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /projects" }
  errors { message = try(response.error.message, null) }
}
