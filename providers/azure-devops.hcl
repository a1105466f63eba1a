# Azure DevOps Services: the variables of one group of a project, which is named as the environment is (its name, not
# its slug).
#
# All are secret ones: their values never come back, and nothing tells which of them was changed when, so a change made
# elsewhere goes unseen. Variables of others, whether secret or not, stay as they are. Names that begin with `endpoint`,
# `input`, `secret`, `path` or `securefile` are not handed to tasks. The group goes with its last variable. Whose token
# it is needs the role Creator in the project's library, or Administrator of a group that somebody else made; so does a
# service principal, which has no scopes. Nothing independent of keyform was to be had to check its requests against but
# the vendor's own clients.
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
  # The service principal must be a user of the organization.
  connection "client-secret" {
    tenant_id            = uuid
    client_id            = uuid
    client_secret        = sensitive
    org_name             = string                   # the organization
    client_secret_key_id = optional(hidden(string)) # the secret's own id, for its rotation

    login {
      base_url = "https://login.microsoftonline.com"
      request  = "POST /${connection.tenant_id}/oauth2/v2.0/token"
      form = {
        grant_type    = "client_credentials"
        client_id     = connection.client_id
        client_secret = connection.client_secret
        scope         = "https://app.vssps.visualstudio.com/.default"
      }
      value = response.access_token
    }
    headers = { Authorization = "Bearer ${login}", Accept = "application/json" }
  }
  connection "oauth" { browser_only = true }

  base_url = "https://dev.azure.com"
  # Whoever is not let in may be shown a page to sign in at.
  errors {
    when    = status == 203
    message = try(response.error_description, response.message, null)
    refused = status == 203 || try(contains(["invalid_client", "unauthorized_client"], response.error), false)
  }

  destination "azure-devops" {
    privileges {
      needed   = ["vso.variablegroups_manage", "vso.project"]
      source   = "https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/authentication/oauth"
      verified = "2026-11-22"
    }
    readable = false

    devops_project_id   = string # UUID
    devops_project_name = optional(string)

    key { case = "insensitive" }

    # The name need not be compared as a whole over there. A secret comes without its value.
    list {
      request  = "GET /${connection.org_name}/${destination.devops_project_id}/_apis/distributedtask/variablegroups"
      query    = { groupName = environment, api-version = "7.1" }
      items    = flatten([for it in response.value : [for name, variable in it.variables : { key = name, raw = variable }] if it.name == environment && it.type == "Vsts"])
      document = try([for it in response.value : it if it.name == environment && it.type == "Vsts"][0], null)
    }
    # A secret that is sent without a value stays.
    replace {
      step {
        when    = document == null
        request = "POST /${connection.org_name}/_apis/distributedtask/variablegroups"
        query   = { api-version = "7.1" }
        json = {
          name                           = environment
          type                           = "Vsts"
          variables                      = { for it in entries : it.key => can(it.value.isSecret) ? it.value : { value = it.value, isSecret = true } }
          variableGroupProjectReferences = [{ name = environment, projectReference = compact({ id = destination.devops_project_id, name = destination.devops_project_name }) }]
        }
      }
      step {
        when    = document != null && length(entries) > 0
        request = "PUT /${connection.org_name}/_apis/distributedtask/variablegroups/${document.id}"
        query   = { api-version = "7.1" }
        json = {
          name                           = document.name
          description                    = get(document, "description", null)
          type                           = document.type
          variables                      = { for it in entries : it.key => can(it.value.isSecret) ? it.value : { value = it.value, isSecret = true } }
          variableGroupProjectReferences = length(try(flatten([document.variableGroupProjectReferences]), [])) > 0 ? document.variableGroupProjectReferences : [{ name = environment, projectReference = compact({ id = destination.devops_project_id, name = destination.devops_project_name }) }]
        }
      }
      # No group is without variables.
      step {
        when    = document != null && length(entries) == 0
        request = "DELETE /${connection.org_name}/_apis/distributedtask/variablegroups/${document.id}"
        query   = { projectIds = destination.devops_project_id, api-version = "7.1" }
      }
    }
  }
}
