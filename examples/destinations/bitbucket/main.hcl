# Variables of Bitbucket Pipelines for one deployment environment of a repository. All are secured: Bitbucket gives no
# value back and does not tell when one was changed.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

folder "/deploy" {
  project = project.bakery
}

secret "REGISTRY_TOKEN" {
  project     = project.bakery
  environment = "prod"
  path        = "/deploy"
  value       = secret_env("REGISTRY_TOKEN")
}

app_connection "bitbucket" "pipelines" {
  method    = "api-token"
  email     = "deploy@bakery.example"
  api_token = secret_env("BITBUCKET_API_TOKEN")
}

secret_sync "bitbucket" "deploy" {
  project     = project.bakery
  environment = "prod"
  path        = "/deploy"
  connection  = app_connection.pipelines

  destination {
    workspace_slug  = "bakery"
    repository_slug = "shop"
    environment_id  = "{8f1c9a54-2222-4bbb-8ccc-000000000001}" # without it: variables of the repository
  }
}
