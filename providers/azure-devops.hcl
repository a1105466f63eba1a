# Azure DevOps Services.
provider "azure-devops" {
  title    = "Azure DevOps"
  docs     = "https://learn.microsoft.com/en-us/rest/api/azure/devops/"
  verified = "2026-11-21"

  # A personal access token goes in the place of the password; the name may be empty.
  connection "access-token" {
    access_token = sensitive
    org_name     = string # the organization

    headers = { Authorization = "Basic ${base64encode(":${connection.access_token}")}", Accept = "application/json" }
    verify {
      request = "GET /${connection.org_name}/_apis/projects"
      query   = { api-version = "7.2-preview.2", "$top" = 1 }
    }
  }
  # The service principal must be a user of the organization. The credentials are good if they bring a token.
  connection "client-secret" {
    tenant_id            = string # a UUID
    client_id            = string # a UUID
    client_secret        = sensitive
    org_name             = string                   # the organization
    client_secret_key_id = optional(hidden(string)) # the secret's own id, for its rotation

    base_url = "https://login.microsoftonline.com"
    verify {
      request = "POST /${connection.tenant_id}/oauth2/v2.0/token"
      form = {
        grant_type    = "client_credentials"
        client_id     = connection.client_id
        client_secret = connection.client_secret
        scope         = "https://app.vssps.visualstudio.com/.default"
      }
    }
  }
  connection "oauth" { browser_only = true }

  base_url = "https://dev.azure.com"
  errors { message = get(response, "error_description", get(response, "message", null)) }
}
