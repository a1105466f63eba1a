# Environment variables of the builds of a TeamCity project, as passwords. With `build_config` they would be those of one
# build configuration.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

folder "/ci" {
  project = project.bakery
}

secret "REGISTRY_TOKEN" {
  project     = project.bakery
  environment = "prod"
  path        = "/ci"
  value       = secret_env("REGISTRY_TOKEN")
}

app_connection "teamcity" "ci" {
  method       = "access-token"
  instance_url = "https://teamcity.bakery.example"
  access_token = secret_env("TEAMCITY_TOKEN")
}

secret_sync "teamcity" "ci" {
  project     = project.bakery
  environment = "prod"
  path        = "/ci"
  connection  = app_connection.ci

  destination {
    project = "Bakery_Shop"
  }
}
