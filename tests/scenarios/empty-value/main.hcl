project "bakery" {
  environment "dev" {}
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("DB_URL")
}
