# Sensitive variables of a project at Octopus Deploy, for two of its environments. The same name in another scope is none
# of this sync's.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

secret "DATABASE_PASSWORD" {
  project     = project.bakery
  environment = "prod"
  value       = secret_env("DATABASE_PASSWORD")
}

app_connection "octopus-deploy" "deliveries" {
  method       = "api-key"
  instance_url = "https://bakery.octopus.app"
  api_key      = secret_env("OCTOPUS_API_KEY")
}

secret_sync "octopus-deploy" "shop" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.deliveries

  disable_secret_deletion = true

  destination {
    scope        = "project"
    space_id     = "Spaces-1"
    project_id   = "Projects-21"
    scope_values = { environments = ["Environments-1", "Environments-2"] }
  }
}
