# Camunda 8 SaaS, by an administration API client of the organization.
provider "camunda" {
  title    = "Camunda"
  docs     = "https://docs.camunda.io/docs/apis-tools/administration-api/administration-api-reference/"
  verified = "2026-11-21"

  connection "client-credentials" {
    client_id     = string
    client_secret = sensitive
  }

  # The credentials are good if they bring a token.
  base_url = "https://login.cloud.camunda.io"
  verify {
    request = "POST /oauth/token"
    form = {
      grant_type    = "client_credentials"
      client_id     = connection.client_id
      client_secret = connection.client_secret
      audience      = "api.cloud.camunda.io"
    }
  }
  errors { message = get(response, "error_description", null) }
}
