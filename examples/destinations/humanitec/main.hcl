# Shared values of an application at Humanitec, and those that its production has of its own.

project "booking" {
  environment "base" {
    name = "Base"
  }
  environment "prod" {
    name = "Production"
  }
}

secret "FEED_TOKEN" {
  for_each = toset(["base", "prod"])

  project     = project.booking
  environment = each.key
  value       = secret_env("FEED_TOKEN_${upper(each.key)}")
}

app_connection "humanitec" "org" {
  method    = "api-token"
  api_token = secret_env("HUMANITEC_TOKEN")
}

secret_sync "humanitec" "application" {
  project     = project.booking
  environment = "base"
  connection  = app_connection.org

  disable_secret_deletion = true

  destination {
    scope = "application"
    org   = "bakery"
    app   = "booking"
  }
}

secret_sync "humanitec" "production" {
  project     = project.booking
  environment = "prod"
  connection  = app_connection.org

  disable_secret_deletion = true

  destination {
    scope = "environment"
    org   = "bakery"
    app   = "booking"
    env   = "production"
  }
}
