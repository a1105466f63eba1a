# The variables of a service at Railway, and those that its environment shares, by a token of that environment.

project "chatter" {
  environment "prod" {
    name = "Production"
  }
}

folder "/web" {
  project = project.chatter
}

folder "/shared" {
  project = project.chatter
}

secret "PUSH_KEY" {
  project     = project.chatter
  environment = "prod"
  path        = "/web"
  value       = secret_env("PUSH_KEY")
}

secret "MAIL_PASSWORD" {
  project     = project.chatter
  environment = "prod"
  path        = "/shared"
  value       = secret_env("MAIL_PASSWORD")
}

app_connection "railway" "prod" {
  method    = "project-token"
  api_token = secret_env("RAILWAY_TOKEN")
}

secret_sync "railway" "chat" {
  for_each = { web = "5f0e5c39-2c4a-4b63-9a3c-9f1d4b5b7f10", shared = null }

  project     = project.chatter
  environment = "prod"
  path        = "/${each.key}"
  connection  = app_connection.prod

  disable_secret_deletion = true

  destination {
    project_id       = "c1c4a6f5-6f43-4a4e-8a37-0d0b8b5d1c11"
    project_name     = "chat"
    environment_id   = "9a1b7c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"
    environment_name = "production"
    service_id       = each.value # none: shared
  }
}
