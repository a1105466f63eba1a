# Humanitec.
provider "humanitec" {
  title    = "Humanitec"
  docs     = "https://api-docs.humanitec.com/"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive
  }

  base_url = "https://api.humanitec.io"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /orgs" }
  errors { message = get(response, "message", null) }
}
