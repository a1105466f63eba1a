variable "url" {}

backend "infisical" { url = var.url }

# What others manage, or managed until now.
data "project" "shared" {}

data "identity" "robot" {}

secret "OLD_KEY" {
  project     = data.project.shared
  environment = "dev"
  value       = secret_env("OLD_KEY")
}

import {
  to = secret.OLD_KEY
  id = "shared/dev/OLD_KEY"
}

project "bakery" {
  name = "Bakery"

  environment "dev" {}
  environment "prod" { name = "Production" }

  folder "/api" {}
  folder "/common" {}

  tag "core" { color = "#00ff00" }
  tag "stale" {}

  secret "DB_URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("DB_URL")
    comment     = "as it was"
    tags        = ["core"]
  }

  secret "SESSION_KEY" {
    environment = "prod"
    path        = "/common"
    value       = secret_random({ length = 24 })
  }

  secret_import "common" {
    environment = "prod"
    path        = "/api"
    from        = { environment = "prod", path = "/common" }
  }

  project_role "deployer" {
    description = "Reads what a deployment needs"
    permissions = [
      { subject = "secrets", action = ["read"], conditions = { environment = { "$eq" = "dev" } } },
      { subject = "environments", action = ["read"] },
    ]
  }

  project_identity "ci" {
    identity = identity.ci
    roles    = [project.bakery.project_role.deployer, { role = "viewer", range = "8h", start = "2026-01-01T00:00:00Z" }]
  }

  project_identity "robot" {
    identity = data.identity.robot
    roles    = ["viewer"]
  }

  native_integration "circleci" "builds" {
    environment  = "prod"
    access_token = secret_env("CIRCLE_TOKEN")
    app          = "5034460f-c7c4-4c43-9457-de07e2029e7b"
    owner        = "gh/bakery"
    active       = false
  }
}

identity "ci" {
  role     = "member"
  metadata = { team = "ovens" }

  universal_auth {
    access_token_ttl         = 600
    access_token_max_ttl     = 3600
    access_token_trusted_ips = ["10.0.0.0/8"]
  }
}

module "service" {
  source   = "./service"
  for_each = toset(["job", "web"])
  project  = project.bakery
  name     = each.key
}

output "paths" {
  value = [for name in ["job", "web"] : module.service[name].path]
}
