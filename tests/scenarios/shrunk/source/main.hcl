variable "url" {}

backend "infisical" {
  url = var.url

  auth "universal" {
    client_id     = env("CLIENT_ID")
    client_secret = secret_env("CLIENT_SECRET")
  }
}

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
