app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

project "bakery" {
  environment "dev" {}
  environment "prod" {}
}

secret "api" {
  project     = project.bakery
  environment = "dev"
  key         = "API_KEY"
  value       = secret_env("API_KEY")
}

secret "db" {
  project     = project.bakery
  environment = "prod"
  key         = "DB_URL"
  value       = secret_env("DB_URL")
}

secret_sync "local-file" "dev" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  on_delete   = "remove"

  destination {
    format = "dotenv"
    file   = "one.env"
  }
}

secret_sync "local-file" "prod" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.files
  on_delete   = "remove"

  destination {
    format = "dotenv"
    file   = "two.env"
  }
}
