project "bakery" {
  environment "dev" {}
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

folder "web" {
  project = project.bakery
  path    = "/web"
}

secret "web" {
  project     = project.bakery
  environment = "dev"
  path        = "/web"
  key         = "DB_URL"
  value       = secret_env("DB_URL")
}

secret_sync "local-file" "web" {
  name        = "web"
  project     = project.bakery
  environment = "dev"
  path        = "/web"
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "web.env"
  }
}
