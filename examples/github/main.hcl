# Secrets for the workflows of some repositories. GitHub never gives a value back: what keyform wrote is
# known by its fingerprint, what others wrote is named in the plan and not touched unless it is allowed.

variable "repositories" {
  type        = list(string)
  default     = ["shop", "shop-infra"]
  description = "Repositories of the organization whose workflows deploy"
}

project "delivery" {
  environment "ci" {
    name = "Continuous integration"
  }
}

secret "REGISTRY_TOKEN" {
  project     = project.delivery
  environment = "ci"
  value       = secret_env("REGISTRY_TOKEN")
  comment     = "Pushes images; rotated every quarter"
}

secret "SIGNING_KEY" {
  project     = project.delivery
  environment = "ci"
  value       = secret_file("signing.key")
}

app_connection "github" "org" {
  method                = "pat"
  personal_access_token = secret_env("GITHUB_SYNC_TOKEN")
}

# A prefix tells the keys of this project from everybody else's in the repository.
key_schema "ci" {
  template = "CI_{{secretKey}}"
}

secret_sync "github" "workflows" {
  for_each = toset(var.repositories)

  project     = project.delivery
  environment = "ci"
  connection  = app_connection.org
  key_schema  = key_schema.ci

  destination {
    scope = "repository"
    owner = "bakery"
    repo  = each.key
  }
}

output "repositories" {
  value = length(var.repositories)
}
