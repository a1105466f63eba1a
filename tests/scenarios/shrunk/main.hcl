locals {
  keys = toset([for n in range(var.count) : "KEY_${n}"])
}

variable "count" {
  default = 8
}

project "bakery" {
  environment "dev" {}
}

secret "many" {
  for_each = local.keys

  project     = project.bakery
  environment = "dev"
  key         = each.key
  value       = secret_env("DB_URL")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

key_schema "app" {
  prefix = "APP_"
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  key_schema  = key_schema.app

  destination {
    format = "dotenv"
    file   = "dev.env"
  }
}
