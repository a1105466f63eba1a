# The secrets of two apps at Fly.io. They are staged: machines see them after `fly secrets deploy`, or after the next
# deployment.

project "tracker" {
  environment "prod" {
    name = "Production"
  }
}

secret "DATABASE_PASSWORD" {
  project     = project.tracker
  environment = "prod"
  value       = secret_env("DATABASE_PASSWORD")
}

app_connection "flyio" "org" {
  method       = "access-token"
  access_token = secret_env("FLY_API_TOKEN") # fly tokens create org
}

secret_sync "flyio" "apps" {
  for_each = toset(["tracker-web", "tracker-jobs"])

  project     = project.tracker
  environment = "prod"
  connection  = app_connection.org

  disable_secret_deletion = true

  destination {
    app_id = each.key
  }
}
