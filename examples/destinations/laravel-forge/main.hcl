# The environment file of a site that Laravel Forge runs. Lines and comments of others stay where they are.

project "ledger_app" {
  slug = "ledger-app"

  environment "prod" {
    name = "Production"
  }
}

secret "STRIPE_SECRET" {
  project     = project.ledger_app
  environment = "prod"
  value       = secret_env("STRIPE_SECRET")
}

secret "MAIL_PASSWORD" {
  project     = project.ledger_app
  environment = "prod"
  value       = secret_env("MAIL_PASSWORD")
}

app_connection "laravel-forge" "team" {
  method    = "api-token"
  api_token = secret_env("FORGE_API_TOKEN")
}

secret_sync "laravel-forge" "site" {
  project     = project.ledger_app
  environment = "prod"
  connection  = app_connection.team

  # APP_KEY and what else Laravel needs is not in the source.
  disable_secret_deletion = true

  destination {
    org_slug  = "bakery"
    server_id = "901234"
    site_id   = "2345678"
  }
}
