# Production secrets of a project to AWS: one JSON document in Secrets Manager for the application, and
# single parameters in the Parameter Store for the jobs that start one container each.

variable "region" {
  type        = string
  default     = "eu-central-1"
  description = "Where the application runs"
}

backend "infisical" {
  url = "https://app.infisical.com"

  auth "universal" {
    client_id     = env("INFISICAL_CLIENT_ID")
    client_secret = secret_env("INFISICAL_CLIENT_SECRET")
  }
}

project "payments" {
  name = "Payments"

  environment "dev" {
    name = "Development"
  }

  environment "prod" {
    name = "Production"
  }

  folder "/api" {}

  folder "/jobs" {
    environments = ["prod"]
  }
}

# A key of a user that may do nothing but this; `keyform providers show aws` lists the other methods.
app_connection "aws" "prod" {
  method            = "access-key"
  access_key_id     = env("AWS_SYNC_ACCESS_KEY_ID")
  secret_access_key = secret_env("AWS_SYNC_SECRET_ACCESS_KEY")
}

# Many keys in one secret: the application reads it once, at its start. With this mapping the key schema
# would name the secret, not the keys in it, so there is none.
secret_sync "aws-secrets-manager" "api" {
  project     = project.payments
  environment = "prod"
  path        = "/api"
  connection  = app_connection.prod

  # The secret holds what was put there by hand: take that into the backend first, lose nothing.
  initial_sync = "import-prioritize-source"

  destination {
    mapping_behavior = "many-to-one"
    region           = var.region
    secret_name      = "payments/prod/api"
  }

  lifecycle {
    prevent_destroy = true
  }
}

# One parameter a key, below a path of their own.
secret_sync "aws-parameter-store" "jobs" {
  project     = project.payments
  environment = "prod"
  path        = "/jobs"
  connection  = app_connection.prod

  destination {
    region = var.region
    path   = "/payments/prod/"
  }
}

# More than this at once is never an ordinary day.
guard {
  max_deletes        = 5
  max_delete_percent = 20
}
