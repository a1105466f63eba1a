# What a server of 2024 does not have, or shows to people only.
data "app_connection" "given" { app = "local" }

data "secret_sync" "nightly" { project = data.project.shared }

project_template "service" {
  description  = "What every service begins with"
  environments = [{ slug = "dev", name = "Development" }, { slug = "prod" }]
  roles        = [{ slug = "reader", permissions = [{ subject = "secrets", action = ["read"] }] }]
}

project "kiosk" {
  description = "Rolls and coffee"
  template    = project_template.service

  environment "dev" { name = "Development" }

  secret "COFFEE" {
    environment = "dev"
    value       = secret_env("DB_URL")
    metadata    = { owner = "bar" }
  }
}

app_connection "local" "files" {
  description = "Files here"
  method      = "directory"
  path        = abspath("../out")
}

key_schema "bakery" { prefix = "BAKERY_" }

secret_sync "local-file" "api" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  connection  = app_connection.files
  key_schema  = key_schema.bakery
  on_delete   = "remove"

  destination {
    format = "dotenv"
    file   = "api.env"
  }
}

secret_sync "local-file" "common" {
  project     = project.bakery
  environment = "prod"
  path        = "/common"
  connection  = app_connection.files
  run         = "keyform"

  destination {
    format = "dotenv"
    file   = "common.env"
  }
}

webhook "alerts" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  url         = "https://hooks.example.com/alerts"
  secret_key  = secret_env("HOOK_KEY")
  events      = ["secrets.modified"]
  enabled     = true
}
