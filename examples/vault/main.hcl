# From the embedded backend to HashiCorp Vault (or OpenBao), one secret of a KV engine for each team.

locals {
  teams = {
    checkout = { environment = "prod", mount = "teams" }
    search   = { environment = "prod", mount = "teams" }
  }
}

variable "vault" {
  type    = string
  default = "https://vault.example.com:8200"
}

project "platform" {
  environment "prod" {
    name = "Production"
  }
}

folder "team" {
  for_each = local.teams

  project      = project.platform
  path         = "/${each.key}"
  environments = [each.value.environment]
}

app_connection "hashicorp-vault" "main" {
  method       = "app-role"
  instance_url = var.vault
  role_id      = env("VAULT_ROLE_ID")
  secret_id    = secret_env("VAULT_SECRET_ID")
}

secret_sync "hashicorp-vault" "team" {
  for_each = local.teams

  project     = project.platform
  environment = each.value.environment
  path        = "/${each.key}"
  connection  = app_connection.main

  # Keys that Vault holds and the source does not know stay where they are.
  disable_secret_deletion = true

  destination {
    mount = each.value.mount
    path  = each.key
  }
}
