# GitLab: CI/CD variables of a project or of a group, in one environment scope.
provider "gitlab" {
  title    = "GitLab"
  docs     = "https://docs.gitlab.com/api/project_level_variables/"
  verified = "2026-11-21"

  connection "access-token" {
    instance_url      = optional(url, "https://gitlab.com")
    access_token      = sensitive
    access_token_type = oneof("personal", "project", "group")
  }
  connection "oauth" { browser_only = true }

  base_url = "${trimsuffix(connection.instance_url, "/")}/api/v4"
  headers  = { PRIVATE-TOKEN = connection.access_token, Accept = "application/json" }

  verify { request = "GET /user" }
  errors { message = try(join("; ", flatten([for field, words in response.message : [for word in words : "${field} ${word}"]])), tostring(response.message), tostring(response.error), null) }

  # A variable is named by key and scope together, so every write says which scope it means: without the
  # filter a group's update would silently take any variable of that key.
  destination "gitlab" {
    selector = "scope"
    readable = !destination.should_hide_secrets

    target_environment     = optional(string, "*") # environment scope; groups need a paid plan for others than *
    should_protect_secrets = optional(bool, false)
    should_mask_secrets    = optional(bool, false)
    should_hide_secrets    = optional(bool, false) # can only be chosen when a variable is made

    key { matches = "[A-Za-z0-9_]{1,255}" }

    # A hidden variable comes back without its value.
    list {
      request = "GET"
      query   = { per_page = 100 }
      next    = link(response_headers, "next")
      items = [
        for it in response : { key = it.key, value = it.value }
        if it.environment_scope == destination.target_environment
      ]
    }
    # `raw` keeps `$NAME` in a value from being expanded.
    create {
      request = "POST"
      json = compact({
        key               = key
        value             = value
        variable_type     = "env_var"
        environment_scope = destination.target_environment
        protected         = destination.should_protect_secrets
        masked            = destination.should_mask_secrets || destination.should_hide_secrets
        masked_and_hidden = destination.should_hide_secrets ? true : null
        raw               = true
      })
    }
    update {
      request = "PUT /${key}"
      query   = { "filter[environment_scope]" = destination.target_environment }
      json = {
        value     = value
        protected = destination.should_protect_secrets
        masked    = destination.should_mask_secrets || destination.should_hide_secrets
        raw       = true
      }
    }
    delete {
      request = "DELETE /${key}"
      query   = { "filter[environment_scope]" = destination.target_environment }
    }

    variant "project" {
      privileges {
        needed   = ["scope api", "role Maintainer"]
        source   = "https://gitlab.com/groups/gitlab-org/-/epics/12354"
        verified = "2026-11-22"
      }
      project_id   = string # number, or full path
      project_name = optional(string)

      limits { entries = 8000 }
      root = "/projects/${replace(destination.project_id, "%2F", "/")}/variables"
    }
    variant "group" {
      privileges {
        needed   = ["scope api", "role Owner"]
        source   = "https://gitlab.com/groups/gitlab-org/-/epics/12354"
        verified = "2026-11-22"
      }
      group_id   = string # number, or full path
      group_name = optional(string)

      limits { entries = 30000 }
      root = "/groups/${replace(destination.group_id, "%2F", "/")}/variables"
    }
  }
}
