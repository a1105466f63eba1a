app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

project "bakery" {
  environment "dev" {}
  environment "prod" {}
}

secret "api" {
  project     = project.bakery
  environment = "dev"
  key         = "API_KEY"
  value       = secret_env("API_KEY")
}
