secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  key_schema  = key_schema.app

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
