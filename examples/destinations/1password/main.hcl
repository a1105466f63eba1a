# Items of a 1Password vault, by a Connect server of one's own. A vault for nothing else is best: its items are known by
# their titles.

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

app_connection "1password" "connect" {
  method       = "api-token"
  instance_url = "https://connect.bakery.example"
  api_token    = secret_env("OP_CONNECT_TOKEN")
}

secret_sync "1password" "api" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  connection  = app_connection.connect

  destination {
    vault_id    = "hfnjvi6aymbsnfc2xeeoheizda"
    value_label = "credential"
  }
}
