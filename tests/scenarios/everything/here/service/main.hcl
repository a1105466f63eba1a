variable "project" { type = project }

variable "name" { type = string }

locals {
  path = "/api/${var.name}"
}

folder "own" {
  project      = var.project
  path         = local.path
  environments = ["dev"]
}

secret "url" {
  project     = var.project
  environment = "dev"
  path        = local.path
  key         = "URL"
  value       = secret_env("DB_URL")
}

output "path" {
  value = local.path
}
