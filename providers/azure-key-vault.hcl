# Azure Key Vault, of the public cloud.
provider "azure-key-vault" {
  title    = "Azure Key Vault"
  docs     = "https://learn.microsoft.com/en-us/rest/api/keyvault/"
  verified = "2026-11-21"

  connection "client-secret" {
    tenant_id            = string # a UUID
    client_id            = string # a UUID
    client_secret        = sensitive
    client_secret_key_id = optional(hidden(string)) # the secret's own id, for its rotation
  }
  connection "oauth" { browser_only = true }

  # The credentials are good if they bring a token.
  base_url = "https://login.microsoftonline.com"
  verify {
    request = "POST /${connection.tenant_id}/oauth2/v2.0/token"
    form = {
      grant_type    = "client_credentials"
      client_id     = connection.client_id
      client_secret = connection.client_secret
      scope         = "https://vault.azure.net/.default"
    }
  }
  errors { message = get(response, "error_description", null) }
}
