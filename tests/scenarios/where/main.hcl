project "bakery" {
  environment "dev" {}
  environment "prod" {}
  folder "/api" {}
}

secret "STRIPE_KEY" {
  for_each = toset(["dev", "prod"])

  project     = project.bakery
  environment = each.key
  path        = "/api"
  value       = secret_env("STRIPE")
}

secret "WEBHOOK" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  value       = secret_file("webhook.txt")
}

secret "SESSION_KEY" {
  project     = project.bakery
  environment = "prod"
  value       = secret_random({ length = 16 })
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "api" {
  for_each = toset(["dev", "prod"])

  project     = project.bakery
  environment = each.key
  path        = "/api"
  connection  = app_connection.files
  key_schema  = "API_{{secretKey}}"

  destination {
    format = "dotenv"
    file   = "${each.key}.env"
  }
}

secret_sync "local-file" "root" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.files
  key_schema  = "ROOT_{{secretKey}}"
  run         = "keyform"

  destination {
    format = "json"
    file   = "root.json"
  }
}
