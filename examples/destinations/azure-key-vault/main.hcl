# Secrets of an application in an Azure Key Vault, one for each key. Underscores become hyphens there, and deleting leaves
# the vault's own window in which a mistake can be undone.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

folder "/api" {
  project = project.bakery
}

secret "SMTP_PASSWORD" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  value       = secret_env("SMTP_PASSWORD")
}

app_connection "azure-key-vault" "vault" {
  method        = "client-secret"
  tenant_id     = env("AZURE_TENANT_ID")
  client_id     = env("AZURE_CLIENT_ID")
  client_secret = secret_env("AZURE_CLIENT_SECRET")
}

key_schema "bakery" {
  prefix = "bakery-"
}

secret_sync "azure-key-vault" "api" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  connection  = app_connection.vault
  key_schema  = key_schema.bakery

  destination {
    mapping_behavior = "one-to-one"
    vault_base_url   = "https://bakery-prod.vault.azure.net"
  }
}
