# Cloudflare.
provider "cloudflare" {
  title    = "Cloudflare"
  docs     = "https://developers.cloudflare.com/api/"
  verified = "2026-11-21"

  connection "api-token" {
    account_id = string
    api_token  = sensitive # may read zones, besides what syncs need
  }

  base_url = "https://api.cloudflare.com/client/v4"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /zones" }
  errors {
    when    = get(response, "success", true) == false
    message = try(response.errors[0].message, null)
  }
}
