# 1Password, by a Connect server of one's own.
provider "1password" {
  title    = "1Password"
  docs     = "https://developer.1password.com/docs/connect/api-reference/"
  verified = "2026-11-21"

  connection "api-token" {
    instance_url = string # of the Connect server: https://connect.example.com
    api_token    = sensitive
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/v1"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /vaults" }
  errors { message = get(response, "message", null) }
}
