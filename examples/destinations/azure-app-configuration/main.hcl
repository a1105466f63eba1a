# Settings of an application in Azure App Configuration, under one label. Key-values with other labels are nobody's
# business here, and feature flags never are.

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

app_connection "azure-app-configuration" "store" {
  method        = "client-secret"
  tenant_id     = env("AZURE_TENANT_ID")
  client_id     = env("AZURE_CLIENT_ID")
  client_secret = secret_env("AZURE_CLIENT_SECRET")
}

secret_sync "azure-app-configuration" "api" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  connection  = app_connection.store

  destination {
    configuration_url = "https://bakery.azconfig.io"
    label             = "prod"
  }
}
