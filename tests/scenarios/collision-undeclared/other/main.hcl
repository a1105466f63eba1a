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
  path   = abspath("../out")
}

project "second" {
  environment "dev" {}

  secret "PORT" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }
}

secret_sync "local-file" "old" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
