# HCP Terraform, which was Terraform Cloud: variables of a workspace, or of a variable set.
#
# They are written as sensitive ones, whose values never come back; a version tells that one changed. A key can be there
# once as an environment variable and once as an input of Terraform, and only those of the sync's category are the
# sync's. Writing them starts no run.
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

  destination "terraform-cloud" {
    selector = "scope"
    readable = false

    org      = string
    category = oneof("env", "terraform")

    key {
      matches    = "[^ =]+"
      max_length = 128
    }
    value { max_bytes = 262144 }
    limits { rate = 1800 }

    # All of them come at once, whatever is asked.
    list {
      request = "GET"
      items = [
        for it in response.data : {
          key     = it.attributes.key
          value   = it.attributes.sensitive ? null : get(it.attributes, "value", null)
          id      = it.id
          version = it.attributes["version-id"]
        } if it.attributes.category == destination.category
      ]
    }
    create {
      request = "POST"
      json = { data = { type = "vars", attributes = {
        key = key, value = value, category = destination.category, sensitive = true, hcl = false
      } } }
      version = response.data.attributes["version-id"]
    }
    # Without a category, which a change would take over.
    update {
      request = "PATCH /${id}"
      json    = { data = { type = "vars", id = id, attributes = { value = value, sensitive = true, hcl = false } } }
      version = response.data.attributes["version-id"]
    }
    delete { request = "DELETE /${id}" }

    variant "workspace" {
      privileges {
        needed   = ["Read and write variables"]
        source   = "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/permissions/workspace"
        verified = "2026-11-22"
      }
      workspace_id   = string # ws-…
      workspace_name = string

      root = "/workspaces/${destination.workspace_id}/vars"
    }
    variant "variable-set" {
      privileges {
        needed   = ["Manage variable sets (of a project's own) or Manage all workspaces (of an organization's)"]
        source   = "https://developer.hashicorp.com/terraform/cloud-docs/variables/managing-variables"
        verified = "2026-11-22"
      }
      variable_set_id   = string # varset-…
      variable_set_name = string

      root = "/varsets/${destination.variable_set_id}/relationships/vars"
    }
  }
}
