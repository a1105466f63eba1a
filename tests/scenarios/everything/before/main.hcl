variable "url" {}

backend "infisical" { url = var.url }

project "shared" {
  environment "dev" {}

  secret "OLD_KEY" {
    environment = "dev"
    value       = secret_env("OLD_KEY")
  }
}

identity "robot" {}
