# Bitbucket Cloud.
provider "bitbucket" {
  title    = "Bitbucket"
  docs     = "https://developer.atlassian.com/cloud/bitbucket/rest/"
  verified = "2026-11-21"

  connection "api-token" {
    email     = string # of the account that the token is of
    api_token = sensitive
  }

  base_url = "https://api.bitbucket.org/2.0"
  headers  = { Authorization = "Basic ${base64encode("${connection.email}:${connection.api_token}")}", Accept = "application/json" }

  verify { request = "GET /user" }
  errors { message = try(response.error.message, null) }
}
