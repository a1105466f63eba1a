variable "path" {
  default = "/api"
}

project "bakery" {
  environment "dev" {}

  folder "/api" {}
}

secret "ours" {
  for_each    = toset(["A", "B", "C", "D", "E", "F"])
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
  path        = var.path
  connection  = app_connection.place

  destination {
    format = "dotenv"
    file   = "scope.env"
  }
}
