# Heroku.
provider "heroku" {
  title    = "Heroku"
  docs     = "https://devcenter.heroku.com/articles/platform-api-reference"
  verified = "2026-11-21"

  connection "auth-token" {
    auth_token = sensitive # HRKU-…
  }
  connection "oauth" { browser_only = true }

  base_url = "https://api.heroku.com"
  headers  = { Authorization = "Bearer ${connection.auth_token}", Accept = "application/vnd.heroku+json; version=3" }

  verify { request = "GET /apps" }
  errors { message = get(response, "message", null) }
}
