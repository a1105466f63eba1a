project "bakery" {
  environment "dev" {}
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("DB_URL")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

key_schema "app" {
  prefix = "APP_"
}
