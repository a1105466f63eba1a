# Secrets that several Workers of an account share, in its Secrets Store.

project "router" {
  environment "prod" {
    name = "Production"
  }
}

secret "ORIGIN_TOKEN" {
  project     = project.router
  environment = "prod"
  value       = secret_random({ length = 48 })
}

app_connection "cloudflare" "account" {
  method     = "api-token"
  account_id = "023e105f4ecef8ad9ca31a8372d0c353"
  api_token  = secret_env("CLOUDFLARE_API_TOKEN")
}

key_schema "router" {
  prefix = "ROUTER_"
}

secret_sync "cloudflare-secrets-store" "shared" {
  project     = project.router
  environment = "prod"
  connection  = app_connection.account
  key_schema  = key_schema.router

  destination {
    store_id = "8f7e6d5c4b3a29181706f5e4d3c2b1a0"
    scopes   = ["workers"]
  }
}
