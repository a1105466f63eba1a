# An Infisical of your own: what new projects begin with, and one project whose changes are announced.

variable "url" {
  type        = string
  description = "The address of your Infisical, such as https://secrets.example.com"
}

backend "infisical" {
  url = var.url
}

project_template "service" {
  description = "What every service begins with"

  environments = [
    { slug = "dev", name = "Development" },
    { slug = "staging", name = "Staging" },
    { slug = "prod", name = "Production" },
  ]
}

project "billing" {
  name = "Billing"

  environment "dev" { name = "Development" }
  environment "prod" { name = "Production" }

  folder "/worker" {}

  secret "SIGNING_KEY" {
    environment = "prod"
    path        = "/worker"
    value       = secret_random({ length = 64 })
    comment     = "Signs invoices"
  }
}

# Called when a secret of the worker changes, so that it is started again.
webhook "restart" {
  project     = project.billing
  environment = "prod"
  path        = "/worker"
  url         = "https://deploy.example.com/hooks/billing-worker"
}
