# What background tasks at Trigger.dev get as environment variables, each environment its own.

project "tasks" {
  environment "staging" {
    name = "Staging"
  }
  environment "prod" {
    name = "Production"
  }
}

secret "MAIL_API_KEY" {
  for_each = toset(["staging", "prod"])

  project     = project.tasks
  environment = each.key
  value       = secret_env("MAIL_API_KEY_${upper(each.key)}")
}

app_connection "trigger-dev" "tasks" {
  method  = "api-key"
  api_key = secret_env("TRIGGER_ACCESS_TOKEN")
}

secret_sync "trigger-dev" "tasks" {
  for_each = toset(["staging", "prod"])

  project     = project.tasks
  environment = each.key
  connection  = app_connection.tasks

  disable_secret_deletion = true

  destination {
    project_ref = "proj_yubjwjsfkxnylobaqvqz"
    environment = each.key
  }
}
