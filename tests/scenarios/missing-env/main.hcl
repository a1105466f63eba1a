project "shop" {
  environment "dev" {}
}

secret "DB_URL" {
  project     = project.shop
  environment = "dev"
  value       = secret_env("DB_URL")
}
