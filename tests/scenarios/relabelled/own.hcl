secret_sync "local-file" "one" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  run         = "keyform"

  destination {
    format = "dotenv"
    file   = "one.env"
  }
}

secret_sync "local-file" "two" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.files
  run         = "keyform"

  destination {
    format = "dotenv"
    file   = "two.env"
  }
}
