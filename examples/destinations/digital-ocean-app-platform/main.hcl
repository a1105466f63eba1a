# The variables of an app at DigitalOcean, for all of its components. Whatever changes is one deployment.

project "clinic" {
  environment "prod" {
    name = "Production"
  }
}

secret "SESSION_KEY" {
  project     = project.clinic
  environment = "prod"
  value       = secret_random({ length = 64 })
}

secret "SMTP_PASSWORD" {
  project     = project.clinic
  environment = "prod"
  value       = secret_env("SMTP_PASSWORD")
}

app_connection "digital-ocean" "team" {
  method    = "api-token"
  api_token = secret_env("DIGITALOCEAN_TOKEN")
}

secret_sync "digital-ocean-app-platform" "clinic" {
  project     = project.clinic
  environment = "prod"
  connection  = app_connection.team

  # What the app has besides stays.
  disable_secret_deletion = true

  destination {
    app_id   = "4f6c71e2-1e90-4762-9fee-6cc4a0a9f2cf"
    app_name = "clinic"
  }
}
