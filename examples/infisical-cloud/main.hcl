# A project on Infisical Cloud, and a machine identity that its pipeline logs in as: it may read the secrets of
# one environment and nothing else.

# Address and login come from the environment: INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and
# INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET. Infisical Cloud in Europe: url = "https://eu.infisical.com".
backend "infisical" {}

project "storefront" {
  name        = "Storefront"
  description = "Everything that the shop needs at run time"

  environment "dev" { name = "Development" }
  environment "prod" { name = "Production" }

  folder "/shop" {}
  folder "/shared" {}

  tag "rotated" { color = "#2e7d32" }

  secret "SESSION_KEY" {
    for_each = toset(["dev", "prod"])

    environment = each.key
    path        = "/shop"
    value       = secret_random({ length = 48 })
    tags        = ["rotated"]
  }

  secret_import "shared" {
    for_each = toset(["dev", "prod"])

    environment = each.key
    path        = "/shop"
    from        = { environment = each.key, path = "/shared" }
  }
}

project_role "deployer" {
  project     = project.storefront
  name        = "Deployer"
  description = "Reads what goes to production"

  permissions = [
    {
      subject    = "secrets"
      action     = ["describeSecret", "readValue"]
      conditions = { environment = { "$eq" = "prod" } }
    },
  ]
}

identity "pipeline" {
  name = "storefront-pipeline"

  universal_auth {
    access_token_ttl     = 900
    access_token_max_ttl = 900
  }
}

project_identity "pipeline" {
  project  = project.storefront
  identity = identity.pipeline
  roles    = [project_role.deployer]
}
