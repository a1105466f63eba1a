app_connection "local" "given" {
  method = "directory"
  path   = abspath("../out")
}

secret_sync "local-file" "nightly" {
  project     = project.shared
  environment = "dev"
  connection  = app_connection.given

  destination {
    format = "dotenv"
    file   = "nightly.env"
  }
}
