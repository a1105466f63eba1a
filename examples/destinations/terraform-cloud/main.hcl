# Credentials of a workspace at HCP Terraform as environment variables, and an input that several workspaces share by
# way of a variable set.

project "platform" {
  environment "prod" {
    name = "Production"
  }
}

folder "/network" {
  project = project.platform
}

folder "/shared" {
  project = project.platform
}

secret "HCLOUD_TOKEN" {
  project     = project.platform
  environment = "prod"
  path        = "/network"
  value       = secret_env("HCLOUD_TOKEN")
}

secret "registry_password" {
  project     = project.platform
  environment = "prod"
  path        = "/shared"
  value       = secret_env("REGISTRY_PASSWORD")
}

app_connection "terraform-cloud" "org" {
  method    = "api-token"
  api_token = secret_env("TFE_TOKEN")
}

secret_sync "terraform-cloud" "network" {
  project     = project.platform
  environment = "prod"
  path        = "/network"
  connection  = app_connection.org

  # What else the workspace has stays.
  disable_secret_deletion = true

  destination {
    scope          = "workspace"
    org            = "bakery"
    workspace_id   = "ws-6jrRyVDv1J8zQMB5"
    workspace_name = "network"
    category       = "env"
  }
}

secret_sync "terraform-cloud" "shared" {
  project     = project.platform
  environment = "prod"
  path        = "/shared"
  connection  = app_connection.org

  disable_secret_deletion = true

  destination {
    scope             = "variable-set"
    org               = "bakery"
    variable_set_id   = "varset-kjkN545LH2Sfercv"
    variable_set_name = "registry"
    category          = "terraform"
  }
}
