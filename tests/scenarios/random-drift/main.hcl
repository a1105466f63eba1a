project "bakery" {
  environment "dev" {}

  secret "TOKEN" {
    environment = "dev"
    key         = "TOKEN"
    value       = secret_random({ length = 12 })
  }
}
