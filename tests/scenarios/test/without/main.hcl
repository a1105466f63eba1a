variable "environment" { default = "dev" }

variable "most" {
  default = 5

  validation {
    condition     = var.most < 10
    error_message = "Fewer than ten, not ${var.most}."
  }
}

project "bakery" {
  environment "dev" {}
  environment "prod" {}
}

secret "API_KEY" {
  project     = project.bakery
  environment = var.environment
  value       = secret_exec(["vault", "read", "api-key"])
}

secret "TOKEN" {
  project     = project.bakery
  environment = var.environment
  value       = secret_file("token.txt")
}

app_connection "aws" "main" {
  method            = "access-key"
  access_key_id     = env("AWS_ID")
  secret_access_key = secret_env("AWS_KEY")
}

secret_sync "aws-parameter-store" "web" {
  project     = project.bakery
  environment = var.environment
  connection  = app_connection.main
  on_delete   = "remove"

  destination {
    region = "us-east-1"
    path   = "/bakery/"
  }
}

guard { max_deletes = var.most }

rule "region" {
  match   = "secret_sync"
  require = self.environment != "prod"
  message = "Production is pushed from elsewhere."
}

backend "infisical" {
  url = env("BACKEND")

  auth "universal" {
    client_id     = env("CLIENT")
    client_secret = secret_env("CLIENT_SECRET")
  }
}

keyform {
  ledger "s3" {
    bucket = "acme-keyform"
    prefix = "bakery"
  }
}
