project "bakery" {
  environment "dev" {}
  folder "/api" {}

  secret "DB_URL" {
    environment = "dev"
    value       = secret_env("DB_URL")
  }

  secret "URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("OTHER")
  }
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  project                 = project.bakery
  environment             = "dev"
  connection              = app_connection.files
  key_schema              = "APP_{{secretKey}}"
  disable_secret_deletion = true

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}

secret_sync "local-file" "api" {
  project                 = project.bakery
  environment             = "dev"
  path                    = "/api"
  connection              = app_connection.files
  key_schema              = "APP_DB_{{secretKey}}"
  disable_secret_deletion = true

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
