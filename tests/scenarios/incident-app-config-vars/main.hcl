project "bakery" {
  environment "dev" {}

  folder "/api" {}
}

secret "ours" {
  for_each    = toset(["DATABASE_URL", "REDIS_URL"])
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  key         = each.key
  value       = secret_env("VALUE")
}

app_connection "local" "place" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  connection  = app_connection.place
  disable_secret_deletion = true

  destination {
    format = "dotenv"
    file   = "app.env"
  }
}
