project "bakery" {
  slug = "bakery"

  environment "dev" {}

  secret "DB_URL" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }
}

secret "API_KEY" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("API_KEY")
}

app_connection "local" "files" {
  name   = "files"
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  for_each    = toset(["dev"])
  name        = "web"
  project     = project.bakery
  environment = each.key
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "web.env"
  }
}

secret_sync "local-file" "job" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  run         = "keyform"

  destination {
    format = "dotenv"
    file   = "job.env"
  }
}
