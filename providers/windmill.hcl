# Windmill.
provider "windmill" {
  title    = "Windmill"
  docs     = "https://app.windmill.dev/openapi.html"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive # of a user
    instance_url = optional(string, "https://app.windmill.dev")
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/api"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify { request = "GET /workspaces/list" }
}
