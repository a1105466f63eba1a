# Environment variables of a project at CircleCI. The organization is one of GitHub's; of one that is CircleCI's own the
# project is known by its id.

project "bakery" {
  environment "ci" {
    name = "Builds"
  }
}

secret "REGISTRY_TOKEN" {
  project     = project.bakery
  environment = "ci"
  value       = secret_env("REGISTRY_TOKEN")
}

app_connection "circleci" "builds" {
  method    = "api-token"
  api_token = secret_env("CIRCLECI_TOKEN")
}

secret_sync "circleci" "shop" {
  project     = project.bakery
  environment = "ci"
  connection  = app_connection.builds

  disable_secret_deletion = true

  destination {
    org_name     = "bakery"
    project_name = "shop"
    project_id   = "d1a2b3c4-36d1-4ea8-9f5e-1c6e0d9d1f7a"
  }
}
