project "bakery" {
  environment "dev" {}

  secret "DB_URL" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  on_delete   = "remove"

  destination {
    format = "dotenv"
    file   = "web.env"
  }
}
