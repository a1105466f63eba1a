# CI/CD variables of a project at GitLab. They are masked in the logs of jobs, and given to jobs of protected branches
# and tags alone.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

secret "DEPLOY_TOKEN" {
  project     = project.bakery
  environment = "prod"
  value       = secret_env("DEPLOY_TOKEN")
}

app_connection "gitlab" "ci" {
  method            = "access-token"
  access_token      = secret_env("GITLAB_SYNC_TOKEN") # scope api
  access_token_type = "project"
}

key_schema "bakery" {
  prefix = "BAKERY_"
}

secret_sync "gitlab" "pipeline" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.ci
  key_schema  = key_schema.bakery

  destination {
    scope                  = "project"
    project_id             = "bakery/shop"
    target_environment     = "production"
    should_protect_secrets = true
    should_mask_secrets    = true
  }
}
