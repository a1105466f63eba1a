project "bakery" {
  environment "dev" {}

  secret "DB_URL" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }

  secret "API_KEY" {
    environment = "dev"
    value       = secret_env("API_KEY")
  }
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}
