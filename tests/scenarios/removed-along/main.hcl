project "bakery" {
  environment "dev" {}

  secret "DB_URL" {
    environment = "dev"
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
  connection  = app_connection.files
  on_delete   = "remove"
  auto_sync   = false

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
