# A secret group at Northflank, from which services and jobs of a project take their variables.

project "fleet" {
  environment "prod" {
    name = "Production"
  }
}

secret "MAPS_KEY" {
  project     = project.fleet
  environment = "prod"
  value       = secret_env("MAPS_KEY")
}

app_connection "northflank" "team" {
  method    = "api-token"
  api_token = secret_env("NORTHFLANK_API_TOKEN")
}

secret_sync "northflank" "fleet" {
  project     = project.fleet
  environment = "prod"
  connection  = app_connection.team

  disable_secret_deletion = true

  destination {
    project_id      = "fleet"
    secret_group_id = "fleet-secrets"
  }
}
