project "bakery" {
  description = "Rolls"

  environment "dev" {}

  folder "/api" {}

  secret "DB_URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("DB_URL")
  }
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "web.env"
  }
}
