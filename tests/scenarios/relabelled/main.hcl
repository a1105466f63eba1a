project "bakery" {
  environment "dev" {}
  environment "prod" {}
}

secret "DB_URL" {
  for_each    = toset(["dev", "prod"])
  project     = project.bakery
  environment = each.key
  value       = secret_env("DB_URL")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}
