variable "url" {}

backend "infisical" {
  url = var.url

  auth "universal" {
    client_id     = env("CLIENT_ID")
    client_secret = secret_env("CLIENT_SECRET")
  }
}

project "bakery" {
  environment "dev" {}
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("DB_URL")
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  key_schema  = "APP_{{secretKey}}"

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
