project "bakery" {
  environment "dev" {}

  folder "/api" {}

  secret "GOOD" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("VALUE")
  }
}
