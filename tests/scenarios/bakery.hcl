project "bakery" {
  environment "dev" {}

  secret "DB_URL" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}
