variable "environments" {
  type    = list(string)
  default = ["dev", "staging", "prod"]
}

project "bakery" {}

environment "all" {
  for_each = toset(var.environments)

  project = project.bakery
  slug    = each.key
}

secret "DB_URL" {
  for_each = toset(var.environments)

  project     = project.bakery
  environment = each.key
  value       = secret_env("DB_URL")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  for_each = toset(var.environments)

  project     = project.bakery
  environment = each.key
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "${each.key}.env"
  }
}
