secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  key_schema  = "APP_{{secretKey}}"
  on_delete   = "remove"

  destination {
    format = "dotenv"
    file   = "web.env"
  }
}
