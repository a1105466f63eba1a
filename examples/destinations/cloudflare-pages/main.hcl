# The variables of a Pages project, in production and in its previews. Values never come back: what keyform wrote is
# known by its fingerprint. A deployment uses what is there when it is made.

project "storefront" {
  environment "prod" {
    name = "Production"
  }
  environment "preview" {
    name = "Preview"
  }
}

secret "SEARCH_KEY" {
  for_each = toset(["prod", "preview"])

  project     = project.storefront
  environment = each.key
  value       = secret_env("SEARCH_KEY_${upper(each.key)}")
}

app_connection "cloudflare" "account" {
  method     = "api-token"
  account_id = "023e105f4ecef8ad9ca31a8372d0c353"
  api_token  = secret_env("CLOUDFLARE_API_TOKEN")
}

secret_sync "cloudflare-pages" "storefront" {
  for_each = { prod = "production", preview = "preview" }

  project     = project.storefront
  environment = each.key
  connection  = app_connection.account

  # Variables that others set on the project stay.
  disable_secret_deletion = true

  destination {
    project_name = "storefront"
    environment  = each.value
  }
}
