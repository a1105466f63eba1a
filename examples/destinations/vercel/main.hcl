# Environment variables of a project at Vercel, for production and for previews. A deployment takes them up.

project "bakery" {
  environment "prod" {
    name = "Production"
  }

  environment "preview" {
    name = "Preview"
  }
}

secret "SESSION_KEY" {
  for_each = toset(["prod", "preview"])

  project     = project.bakery
  environment = each.key
  key         = "SESSION_KEY"
  value       = secret_random({ length = 48 })
}

app_connection "vercel" "team" {
  method    = "api-token"
  api_token = secret_env("VERCEL_TOKEN")
}

key_schema "bakery" {
  prefix = "BAKERY_"
}

secret_sync "vercel" "web" {
  for_each = { prod = "production", preview = "preview" }

  project     = project.bakery
  environment = each.key
  connection  = app_connection.team
  key_schema  = key_schema.bakery

  destination {
    scope     = "project"
    app       = "bakery-web"
    env       = each.value
    sensitive = each.key == "prod"
  }
}
