# A site at Netlify whose production and previews have values of their own, and what all sites of the team share.

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

app_connection "netlify" "team" {
  method       = "access-token"
  access_token = secret_env("NETLIFY_AUTH_TOKEN")
}

secret_sync "netlify" "site" {
  for_each = { prod = "production", preview = "deploy-preview" }

  project     = project.storefront
  environment = each.key
  connection  = app_connection.team

  # Variables that others set on the site stay.
  disable_secret_deletion = true

  destination {
    account_id = "bakery"
    site_id    = "0d3a9d2f-ef94-4380-93df-27ee400e2048"
    context    = each.value
  }
}

secret_sync "netlify" "shared" {
  project     = project.storefront
  environment = "prod"
  connection  = app_connection.team
  key_schema  = "SHARED_{{secretKey}}"

  destination {
    account_id = "bakery" # no site: the team's own, in all contexts
  }
}
