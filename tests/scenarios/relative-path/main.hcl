project "bakery" {
  environment "dev" {}

  secret "GOOD" {
    environment = "dev"
    path        = "/"
    value       = secret_env("VALUE")
  }
}

app_connection "local" "files" {
  method = "directory"
  path   = "out"
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  path        = "/"
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
