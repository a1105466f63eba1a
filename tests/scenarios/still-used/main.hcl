project "bakery" {
  environment "dev" {}

  secret "GOOD" {
    environment = "dev"
    path        = "/"
    value       = secret_env("VALUE")
  }
}
