keyform {
  undo { recipients = ["age1dmntplgj80nzng6utvzdq5qqak2p36t890zlkau8d4mztdde6cvqwsh545"] }
}

project "bakery" {
  name = "Bakery"
  environment "dev" {}
  folder "/api" {}
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_env("DB_URL")
  comment     = "the oven's"
}

secret "API_KEY" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_env("API_KEY")
}

secret "SALT" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  value       = secret_random({ length = 24 })
}

app_connection "local" "files" {
  method = "directory"
  path   = "/proc/self/cwd/out"
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  connection  = app_connection.files
  key_schema  = "APP_{{secretKey}}"

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
