project "bakery" {
  environment "dev" {}
  environment "prod" {}
}

secret "one" {
  project     = project.bakery
  environment = "dev"
  key         = "DB_URL"
  value       = secret_env("DB_URL")
}
