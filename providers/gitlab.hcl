# GitLab: CI/CD variables of a project or of a group, in one environment scope.
provider "gitlab" {
  title    = "GitLab"
  docs     = "https://docs.gitlab.com/api/project_level_variables/"
  verified = "2026-11-21"

  connection "access-token" {
    instance_url      = optional(string, "https://gitlab.com")
    access_token      = sensitive
    access_token_type = oneof("personal", "project", "group")
  }
  connection "oauth" { browser_only = true }

  base_url = "${connection.instance_url}/api/v4"
  headers  = { PRIVATE-TOKEN = connection.access_token, Accept = "application/json" }

  verify { request = "GET /user" }
  errors { message = get(response, "message", get(response, "error", null)) }

  # A variable is named by key and scope together, so every write says which scope it means: without the
  # filter a group's update would silently take any variable of that key.
  destination "gitlab" {
    import   = false
    readable = true
    selector = "scope"

    variant "project" {
      project_id            = string
      project_name          = optional(string)
      target_environment    = optional(string, "*")
      should_protect_secrets = optional(bool, false)
      should_mask_secrets   = optional(bool, false)
      should_hide_secrets   = optional(bool, false)

      key { matches = "^[A-Za-z0-9_]{1,255}$" }
      limits {
        entries     = 8000
        rate        = 2000
        concurrency = 8
      }

      list {
        request = "GET /projects/${destination.project_id}/variables"
        query   = { per_page = 100 }
        next    = link(response_headers, "next")
        items   = [for it in response : { key = it.key, value = it.value } if it.environment_scope == destination.target_environment]
      }
      # `raw` keeps `$NAME` in a value from being expanded.
      create {
        request = "POST /projects/${destination.project_id}/variables"
        json = {
          key               = key
          value             = value
          variable_type     = "env_var"
          environment_scope = destination.target_environment
          protected         = destination.should_protect_secrets
          masked            = destination.should_mask_secrets || destination.should_hide_secrets
          masked_and_hidden = destination.should_hide_secrets
          raw               = true
        }
      }
      update {
        request = "PUT /projects/${destination.project_id}/variables/${key}"
        query   = { "filter[environment_scope]" = destination.target_environment }
        json = {
          value     = value
          protected = destination.should_protect_secrets
          masked    = destination.should_mask_secrets || destination.should_hide_secrets
          raw       = true
        }
      }
      delete {
        request = "DELETE /projects/${destination.project_id}/variables/${key}"
        query   = { "filter[environment_scope]" = destination.target_environment }
      }
    }

    # Scopes other than `*` need a paid plan for groups.
    variant "group" {
      group_id              = string
      group_name            = optional(string)
      target_environment    = optional(string, "*")
      should_protect_secrets = optional(bool, false)
      should_mask_secrets   = optional(bool, false)
      should_hide_secrets   = optional(bool, false)

      key { matches = "^[A-Za-z0-9_]{1,255}$" }
      limits {
        entries     = 30000
        rate        = 2000
        concurrency = 8
      }

      list {
        request = "GET /groups/${destination.group_id}/variables"
        query   = { per_page = 100 }
        next    = link(response_headers, "next")
        items   = [for it in response : { key = it.key, value = it.value } if it.environment_scope == destination.target_environment]
      }
      create {
        request = "POST /groups/${destination.group_id}/variables"
        json = {
          key               = key
          value             = value
          variable_type     = "env_var"
          environment_scope = destination.target_environment
          protected         = destination.should_protect_secrets
          masked            = destination.should_mask_secrets || destination.should_hide_secrets
          masked_and_hidden = destination.should_hide_secrets
          raw               = true
        }
      }
      update {
        request = "PUT /groups/${destination.group_id}/variables/${key}"
        query   = { "filter[environment_scope]" = destination.target_environment }
        json = {
          value     = value
          protected = destination.should_protect_secrets
          masked    = destination.should_mask_secrets || destination.should_hide_secrets
          raw       = true
        }
      }
      delete {
        request = "DELETE /groups/${destination.group_id}/variables/${key}"
        query   = { "filter[environment_scope]" = destination.target_environment }
      }
    }
  }
}
