project "bakery" {
  environment "dev" {}
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files

  initial_sync = "import-prioritize-destination"

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
