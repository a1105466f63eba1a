# Netlify.
provider "netlify" {
  title    = "Netlify"
  docs     = "https://open-api.netlify.com/"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive # a personal one
  }

  base_url = "https://api.netlify.com/api/v1"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify { request = "GET /accounts" }
  errors { message = get(response, "message", null) }
}
