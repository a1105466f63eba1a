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

key_schema "app" {
  prefix = "APP_"
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  key_schema  = key_schema.app

  auto_sync = false

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
