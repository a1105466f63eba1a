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

app_connection "local" "other" {
  method = "directory"
  path   = abspath("out/blocked")
}

key_schema "app" {
  prefix = "APP_"
}

secret_sync "local-file" "a" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  key_schema  = key_schema.app

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}

secret_sync "local-file" "b" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.other
  key_schema  = key_schema.app

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
