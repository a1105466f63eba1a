# A configuration with tests: web.kftest.hcl says what is expected of its plans.
#
#   keyform test      runs the tests: no network, no credentials, nothing is written here
#   keyform plan      with DATABASE_URL and GITHUB_TOKEN in the environment, the real thing

variable "owner" { default = "acme" }

project "bakery" {
  environment "prod" { name = "Production" }

  secret "DATABASE_URL" {
    environment = "prod"
    value       = secret_env("DATABASE_URL")
  }

  secret "SESSION_KEY" {
    environment = "prod"
    value       = secret_random({ length = 48 })
  }
}

app_connection "github" "ci" {
  method                = "pat"
  personal_access_token = secret_env("GITHUB_TOKEN")
}

secret_sync "github" "web" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.ci
  key_schema  = "SHOP_{{secretKey}}"

  destination {
    scope = "repository"
    owner = var.owner
    repo  = "web"
  }
}

rule "prefixed" {
  match   = "secret_sync"
  require = self.key_schema != null
  message = "A sync keeps to its own keys."
}
