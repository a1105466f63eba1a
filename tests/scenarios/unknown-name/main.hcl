project "bakery" {
  environment "dev" {}
}

secret_sync "local-file" "web" {
  project     = project.bakrey
  environment = "dev"
  connection  = app_connection.files

  destination {
    format = var.fromat
    file   = "dev.env"
  }
}

variable "format" {
  default = "dotenv"
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}
