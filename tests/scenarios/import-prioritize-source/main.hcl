project "bakery" {
  environment "dev" {}
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

  initial_sync = "import-prioritize-source"

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
