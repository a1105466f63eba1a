# What the environments of a project at Ona have as variables.

project "bakery" {
  environment "dev" {
    name = "Development"
  }
}

secret "REGISTRY_TOKEN" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("REGISTRY_TOKEN")
}

app_connection "ona" "environments" {
  method                = "personal-access-token"
  personal_access_token = secret_env("ONA_TOKEN")
}

secret_sync "ona" "bakery" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.environments

  disable_secret_deletion = true

  destination {
    project_id = "b0e12f6c-4c67-429d-a4a6-d9838b5da047"
  }
}
