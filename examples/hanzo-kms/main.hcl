# The same language for an installation of Hanzo KMS that speaks Infisical's API.

# HANZO_KMS_URL says where it is; the login comes from the environment as for Infisical.
backend "hanzo-kms" {}

project "models" {
  name = "Models"

  environment "dev" {}
  environment "prod" {}

  folder "/inference" {}

  secret "GATEWAY_TOKEN" {
    for_each = toset(["dev", "prod"])

    environment = each.key
    path        = "/inference"
    value       = secret_random({ length = 40 })
  }
}
