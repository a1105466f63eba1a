# The secrets of two Workers. All that changes of a Worker is one new version of it, deployed at once.

project "router" {
  environment "prod" {
    name = "Production"
  }
}

secret "SIGNING_SECRET" {
  project     = project.router
  environment = "prod"
  value       = secret_random({ length = 48 })
}

app_connection "cloudflare" "account" {
  method     = "api-token"
  account_id = "023e105f4ecef8ad9ca31a8372d0c353"
  api_token  = secret_env("CLOUDFLARE_API_TOKEN")
}

secret_sync "cloudflare-workers" "edge" {
  for_each = toset(["router", "images"])

  project     = project.router
  environment = "prod"
  connection  = app_connection.account

  disable_secret_deletion = true

  destination {
    script_id = each.key
  }
}
