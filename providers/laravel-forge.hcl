# Laravel Forge.
provider "laravel-forge" {
  title    = "Laravel Forge"
  docs     = "https://forge.laravel.com/docs/api-reference/introduction"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive # may view the user, organizations and servers, and manage the environment of sites
  }

  base_url = "https://forge.laravel.com/api"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /me" }
  errors { message = get(response, "message", null) }
}
