# The config vars of two apps at Heroku, of which keyform takes care of those with a prefix. Whatever changes of an
# app goes into one request, since every change restarts it.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

folder "/web" {
  project = project.bakery
}

secret "SMTP_PASSWORD" {
  project     = project.bakery
  environment = "prod"
  path        = "/web"
  value       = secret_env("SMTP_PASSWORD")
}

app_connection "heroku" "deploy" {
  method     = "auth-token"
  auth_token = secret_env("HEROKU_AUTH_TOKEN") # heroku authorizations:create
}

key_schema "bakery" {
  prefix = "BAKERY_"
}

secret_sync "heroku" "web" {
  for_each = toset(["bakery-web", "bakery-worker"])

  project     = project.bakery
  environment = "prod"
  path        = "/web"
  connection  = app_connection.deploy
  key_schema  = key_schema.bakery

  destination {
    app      = each.key
    app_name = each.key
  }
}
