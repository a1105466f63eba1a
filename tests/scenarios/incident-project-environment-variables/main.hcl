variable "file" {
  default = "preview.env"
}

project "bakery" {
  environment "dev" {}

  folder "/api" {}
}

secret "ours" {
  for_each    = toset(["API_KEY", "DB_URL"])
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

  destination {
    format = "dotenv"
    file   = "${var.file}"
  }
}
