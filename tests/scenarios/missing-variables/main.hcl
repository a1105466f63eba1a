variable "password" {
  sensitive = true
}

variable "note" {}

variable "spare" {}

locals {
  note = "About ${var.note}"
}

project "bakery" {
  description = local.note

  environment "dev" {}
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  value       = var.password
}
