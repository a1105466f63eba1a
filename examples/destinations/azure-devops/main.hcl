# Variables of a pipeline in Azure DevOps. They go into the variable group of the project that has the environment's name,
# here `Production`; variables that others put there stay.

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

app_connection "azure-devops" "pipelines" {
  method       = "access-token"
  org_name     = "bakery"
  access_token = secret_env("AZURE_DEVOPS_TOKEN")
}

secret_sync "azure-devops" "deploy" {
  project     = project.bakery
  environment = "prod"
  path        = "/deploy"
  connection  = app_connection.pipelines

  destination {
    devops_project_id   = "3f0b7f4a-3333-4ccc-8ddd-000000000001"
    devops_project_name = "shop"
  }
}
