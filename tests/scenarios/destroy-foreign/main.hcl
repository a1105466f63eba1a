project "bakery" {
  environment "prod" {}

  folder "/api" {}

  secret "TOKEN" {
    environment = "prod"
    path        = "/api"
    value       = secret_random({ length = 24 })
  }
}
