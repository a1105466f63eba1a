# Secrets of one environment at Qovery. Without an `environment_id`, all environments of the project have them.

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

app_connection "qovery" "cluster" {
  method       = "access-token"
  access_token = secret_env("QOVERY_TOKEN")
}

secret_sync "qovery" "production" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.cluster

  disable_secret_deletion = true

  destination {
    organization_id = "f1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a"
    project_id      = "a1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a"
    environment_id  = "b1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a"
  }
}
