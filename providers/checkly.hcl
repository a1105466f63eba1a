# Checkly.
provider "checkly" {
  title    = "Checkly"
  docs     = "https://developers.checklyhq.com/reference"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive # of a user (cu_…) or of a service
  }

  base_url = "https://api.checklyhq.com/v1"
  headers  = { Authorization = "Bearer ${connection.api_key}", Accept = "application/json" }

  verify { request = "GET /accounts" }
  errors { message = get(response, "message", null) }
}
