# Credentials that the checks of an account log in with. Checkly never gives a secret back: what keyform wrote is known by
# its fingerprint.

project "monitoring" {
  environment "prod" {
    name = "Production"
  }
}

secret "LOGIN_PASSWORD" {
  project     = project.monitoring
  environment = "prod"
  value       = secret_env("LOGIN_PASSWORD")
}

app_connection "checkly" "account" {
  method  = "api-key"
  api_key = secret_env("CHECKLY_API_KEY")
}

secret_sync "checkly" "checks" {
  project     = project.monitoring
  environment = "prod"
  connection  = app_connection.account

  disable_secret_deletion = true

  destination {
    account_id = "438a4a8b-36d1-4ea8-9f5e-1c6e0d9d1f7a"
  }
}
