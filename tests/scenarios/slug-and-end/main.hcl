app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

project "bakery" {
  environment "dev" {}
}

secret "api" {
  project     = project.bakery
  environment = "dev"
  key         = "API_KEY"
  value       = secret_env("API_KEY")
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "one.env"
  }
}
