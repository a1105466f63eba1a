# Secrets of a project in Google Cloud, kept in one region. The machine's own credentials impersonate the account, so no key
# of it is anywhere; a prefix tells these secrets from all others of the project.

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

app_connection "gcp" "sync" {
  method                = "service-account-impersonation"
  service_account_email = "secrets-df92581a-0fe9@bakery-prod.iam.gserviceaccount.com"
}

key_schema "bakery" {
  prefix = "bakery-"
}

secret_sync "gcp-secret-manager" "api" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  connection  = app_connection.sync
  key_schema  = key_schema.bakery

  destination {
    scope       = "region"
    project_id  = "bakery-prod"
    location_id = "europe-west1"
  }
}
