# DigitalOcean.
provider "digital-ocean" {
  title    = "DigitalOcean"
  docs     = "https://docs.digitalocean.com/reference/api/"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive # may read and update apps
  }

  base_url = "https://api.digitalocean.com/v2"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /apps" }
  errors { message = get(response, "message", null) }
}
