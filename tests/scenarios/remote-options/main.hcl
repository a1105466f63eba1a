project "bakery" {
  environment "dev" {}
}

app_connection "aws" "aws" {
  method            = "access-key"
  access_key_id     = "AKIA"
  secret_access_key = secret_env("KEY")
}

app_connection "render" "render" {
  method  = "api-key"
  api_key = secret_env("KEY")
}

secret_sync "aws-secrets-manager" "secrets" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.aws

  destination {
    region           = "eu-west-1"
    mapping_behavior = "one-to-one"
  }
  options {
    sync_secret_metadata_as_tags = true
  }
}

secret_sync "render" "service" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.render

  destination {
    scope      = "service"
    service_id = "srv-1"
  }
  options {
    auto_redeploy_services = true
  }
}

secret_sync "render" "group" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.render

  destination {
    scope                = "environment-group"
    environment_group_id = "evg-1"
  }
  options {
    auto_redeploy_services = true
  }
}

app_connection "checkly" "checkly" {
  method  = "api-key"
  api_key = secret_env("KEY")
}

secret_sync "checkly" "checks" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.checkly

  destination {
    account_id = "acc-1"
    group_id   = "7"
  }
}
