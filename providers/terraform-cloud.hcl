# HCP Terraform, which was Terraform Cloud.
provider "terraform-cloud" {
  title    = "Terraform Cloud"
  docs     = "https://developer.hashicorp.com/terraform/cloud-docs/api-docs"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive # of a user, a team or an organization
  }

  base_url = "https://app.terraform.io/api/v2"
  headers  = { Authorization = "Bearer ${connection.api_token}", Content-Type = "application/vnd.api+json" }

  verify { request = "GET /organizations" }
  errors { message = try(response.errors[0].detail, response.errors[0].title, null) }
}
