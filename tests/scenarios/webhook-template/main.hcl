project "bakery" {
  environment "dev" {}

  webhook "alerts" {
    environment = "dev"
    url         = secret_env("HOOK_URL")
    events      = ["secrets.modified"]
  }

  webhook "plain" {
    environment = "dev"
    url         = "https://example.com/hook"
    enabled     = false
  }
}

project_template "service" {
  description = "What every service begins with"

  environments = [
    { slug = "dev", name = "Development" },
    { slug = "prod" },
  ]
  roles = [{ slug = "reader", permissions = [{ subject = "secrets", action = ["read"] }] }]
}
