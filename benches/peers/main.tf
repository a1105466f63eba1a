# The same keys as resources of Terraform's AWS provider.
terraform {
  required_providers {
    aws = {
      source  = "bench.invalid/hashicorp/aws"
      version = "3.39.0"
    }
  }
}

variable "endpoint" { type = string }
variable "values" { type = map(string) }

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "bench"
  secret_key                  = "bench"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_get_ec2_platforms      = true
  max_retries                 = 25

  endpoints { ssm = var.endpoint }
}

resource "aws_ssm_parameter" "key" {
  for_each = var.values

  name      = "/bench/${each.key}"
  type      = "SecureString"
  value     = each.value
  overwrite = true
}
