# The same keys as secrets, with a sync that keyform runs.
locals {
  keys = jsondecode(file("keys.json"))
}

project "bench" {
  environment "dev" {}
}

secret "key" {
  for_each    = toset(local.keys)
  project     = project.bench
  environment = "dev"
  key         = each.key
  value       = secret_env(each.key)
}

app_connection "aws" "moto" {
  method            = "access-key"
  access_key_id     = "bench"
  secret_access_key = secret_env("AWS_SECRET_ACCESS_KEY")
}

secret_sync "aws-parameter-store" "bench" {
  project     = project.bench
  environment = "dev"
  connection  = app_connection.moto
  run         = "keyform"

  destination {
    region = "us-east-1"
    path   = "/bench/"
  }
}
