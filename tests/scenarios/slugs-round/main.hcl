project "bakery" {
  environment "dev" {}
  environment "prod" {}
  environment "other" {}
}

secret "ours" {
  project     = project.bakery
  environment = "prod"
  key         = "DB_URL"
  value       = secret_env("DB_URL")
}
