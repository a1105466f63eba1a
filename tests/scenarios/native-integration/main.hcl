project "bakery" {
  environment "dev" {}
  environment "prod" {}
  folder "/api" {}

  secret "ORDERS_URL" {
    environment = "dev"
    path        = "/api"
    value       = secret_env("ORDERS_URL")
  }

  native_integration "hashicorp-vault" "kv" {
    environment  = "dev"
    path         = "/api"
    access_id    = "role-1"
    access_token = secret_env("VAULT_SECRET_ID")
    host         = "https://vault.bakery.example"
    namespace    = "bread"
    app          = "kv"
    target_path  = "orders"
    on_delete    = "keep"

    options {
      secret_prefix  = "BAKERY_"
      disable_delete = true
    }
  }

  native_integration "circleci" "builds" {
    environment  = "prod"
    access_token = secret_env("CIRCLE_TOKEN")
    app          = "5034460f-c7c4-4c43-9457-de07e2029e7b"
    owner        = "gh/bakery"
    active       = false
  }
}
