variable "project" {
  type = project
}

variable "connection" {
  type = app_connection
}

variable "name" {
  type = string
}

locals {
  path = "/${var.name}"
}

folder "own" {
  project = var.project
  path    = local.path
}

secret "db" {
  project     = var.project
  environment = "dev"
  path        = local.path
  key         = "DB_URL"
  value       = secret_env("DB_URL")
}

secret "certificate" {
  project     = var.project
  environment = "dev"
  path        = local.path
  key         = "CERTIFICATE"
  value       = secret_file("certificate.pem")
  comment     = trimspace(file("comment.txt"))
}

secret_sync "local-file" "own" {
  name        = var.name
  project     = var.project
  environment = "dev"
  path        = local.path
  connection  = var.connection

  destination {
    format = "dotenv"
    file   = "${var.name}.env"
  }
}

output "path" {
  value = local.path
}
