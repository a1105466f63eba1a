variable "first" { default = "overwrite-destination" }

project "bakery" {
  environment "dev" {}
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("DB_URL")
}

secret "API_KEY" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("API_KEY")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

key_schema "app" {
  prefix = "APP_"
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  key_schema  = key_schema.app

  initial_sync = var.first

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
