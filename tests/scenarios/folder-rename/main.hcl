project "bakery" {
  environment "dev" {}

  folder "/api" {}

  secret "GOOD" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("VALUE")
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
    file   = "dev.env"
  }
}
