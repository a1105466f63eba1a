project "bakery" {
  environment "dev" {}

  secret "DB_URL" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }
}
