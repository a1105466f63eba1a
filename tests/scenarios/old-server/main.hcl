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
  environment "qa" { name = "Quality" }

  folder "/api" {}
  folder "/api/batch" { environments = ["dev"] }
  folder "/shared" {}

  tag "core" { color = "#00ff00" }

  secret "DB_URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("DB_URL")
    comment     = "as it was"
    tags        = ["core"]
  }

  secret "API_KEY" {
    environment = "dev"
    path        = "/api/batch"
    value       = secret_env("API_KEY")
  }

  secret_import "shared" {
    environment = "dev"
    path        = "/api"
    from        = { environment = "dev", path = "/shared" }
  }
}
