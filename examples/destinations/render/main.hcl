# Environment variables of a service at Render. A deploy takes them up.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

secret "DATABASE_URL" {
  project     = project.bakery
  environment = "prod"
  value       = secret_env("DATABASE_URL")
}

app_connection "render" "account" {
  method  = "api-key"
  api_key = secret_env("RENDER_API_KEY")
}

key_schema "bakery" {
  prefix = "BAKERY_"
}

secret_sync "render" "web" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.account
  key_schema  = key_schema.bakery

  destination {
    scope      = "service"
    service_id = "srv-cukouhrtq21c73e9scng"
  }
}
