# Native integrations: the older way in which a backend pushes a folder. Where a `secret_sync` can do the same, prefer
# that: it shows what it will write before it writes.

project "payments" {
  environment "prod" {}
  folder "/api" {}
}

native_integration "aws-parameter-store" "api" {
  project     = project.payments
  environment = "prod"
  path        = "/api"

  assume_role_arn = secret_env("AWS_ROLE_ARN")
  region          = "us-east-1"
  target_path     = "/payments/api"

  options {
    aws_tags       = { team = "payments" }
    disable_delete = true
  }
}

native_integration "databricks" "notebooks" {
  project     = project.payments
  environment = "prod"
  path        = "/api"

  host         = "https://dbc-0123.cloud.databricks.com"
  access_token = secret_env("DATABRICKS_TOKEN")
  app          = "payments"
  on_delete    = "remove"
}

# Services without attributes of their own take whatever the backend knows of them.
native_integration "gitlab" "web" {
  project     = project.payments
  environment = "prod"

  access_token       = secret_env("GITLAB_TOKEN")
  app                = "acme/web"
  app_id             = "4711"
  target_environment = "*"

  options { mask_secrets = true }
}
