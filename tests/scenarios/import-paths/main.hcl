variable "url" {}

backend "infisical" {
  url = var.url

  auth "universal" {
    client_id     = env("CLIENT_ID")
    client_secret = secret_env("CLIENT_SECRET")
  }
}

identity "ci" {}

project "bakery" {
  environment "dev" {}
  folder "/api" {}

  project_role "baker" {
    permissions = [{ subject = "secrets", action = ["read"] }]
  }

  project_identity "ci" {
    identity = identity.ci
    roles    = ["viewer"]
  }

  webhook "alerts" {
    environment = "dev"
    path        = "/api"
    url         = secret_env("HOOK_URL")
  }

  native_integration "circleci" "builds" {
    environment  = "dev"
    path         = "/api"
    access_token = secret_env("CIRCLE_TOKEN")
    app          = "5034460f-c7c4-4c43-9457-de07e2029e7b"
    owner        = "gh/bakery"
    active       = false
  }
}
