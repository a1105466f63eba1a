# Vercel: environment variables of a project in one environment, or shared ones of a team.
#
# One record can serve several environments. A record that serves others than ours is never changed or
# deleted as a whole: ours is detached from it and gets a record of its own. Encrypted values are read one by
# one, sensitive ones never; between these two a record can't be changed, so it is made anew.
provider "vercel" {
  title    = "Vercel"
  docs     = "https://vercel.com/docs/rest-api/reference/endpoints/projects/retrieve-the-environment-variables-of-a-project-by-id-or-name"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive
  }

  base_url = "https://api.vercel.com"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /v9/projects" }
  # Failures can hide in a 201. A list that hides records from this token is no list: what seems to be missing
  # may be there.
  errors {
    when    = length(try([for f in response.failed : f if try(f.error.code, "") != "not_found"], [])) > 0 || try(response.hiddenProductionEnvCount > 0, false)
    message = try(response.error.message, response.failed[0].error.message, "variables of production exist that this token can't see")
  }

  destination "vercel" {
    privileges {
      needed   = ["team-scoped token"]
      source   = "https://vercel.com/docs/accounts/access-tokens"
      verified = "2026-11-22"
    }
    import   = true
    selector = "scope"
    readable = !destination.sensitive

    sensitive = optional(bool, false)
    team_id   = optional(string)

    key {
      matches    = "[A-Za-z][A-Za-z0-9_]*"
      max_length = 256
      reserved = [
        "AWS_SECRET_KEY", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
        "NOW_REGION", "TZ", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
      ]
    }
    value { max_bytes = 65536 }

    variant "project" {
      app      = string # project id (prj_…) or name
      app_name = optional(string)
      env      = string           # development, preview, production, or the id of a custom environment (env_…)
      branch   = optional(string) # git branch, for preview only

      limits {
        entries     = 1000
        concurrency = 4
      }

      list {
        request = "GET /v9/projects/${destination.app}/env"
        query   = { teamId = destination.team_id, limit = 100, until = cursor }
        items = [
          for it in can(response.envs) ? response.envs : [response] : {
            key     = it.key
            id      = it.id
            value   = it.type == "plain" ? it.value : null
            version = get(it, "updatedAt", null)
            raw = {
              type    = it.type
              targets = [for t in flatten([get(it, "target", [])]) : t if t != destination.env && t != null]
              custom  = [for c in flatten([get(it, "customEnvironmentIds", [])]) : c if c != destination.env && c != null]
            }
          }
          if it.type != "system" && get(it, "configurationId", null) == null
          && contains(concat(flatten([get(it, "target", [])]), flatten([get(it, "customEnvironmentIds", [])])), destination.env)
          && (destination.env == "preview" ? get(it, "gitBranch", null) == destination.branch : true)
        ]
        next = get(get(response, "pagination", null), "next", null)
      }
      read {
        when    = raw.type == "encrypted"
        request = "GET /v1/projects/${destination.app}/env/${id}"
        query   = { teamId = destination.team_id }
        value   = response.value
      }
      create {
        request = "POST /v10/projects/${destination.app}/env"
        query   = { teamId = destination.team_id }
        json = compact({
          key                  = key
          value                = value
          type                 = destination.sensitive ? "sensitive" : "encrypted"
          target               = contains(["production", "preview", "development"], destination.env) ? [destination.env] : []
          customEnvironmentIds = contains(["production", "preview", "development"], destination.env) ? null : [destination.env]
          gitBranch            = destination.branch
        })
      }
      update {
        # Ours alone and of the wanted type: changed in place.
        step {
          when    = length(concat(raw.targets, raw.custom)) == 0 && (raw.type == "sensitive") == destination.sensitive
          request = "PATCH /v9/projects/${destination.app}/env/${id}"
          query   = { teamId = destination.team_id }
          json    = { value = value }
        }
        # Shared with others: detached from ours.
        step {
          when    = length(concat(raw.targets, raw.custom)) > 0
          request = "PATCH /v9/projects/${destination.app}/env/${id}"
          query   = { teamId = destination.team_id }
          json    = { target = raw.targets, customEnvironmentIds = raw.custom }
        }
        # Ours alone but of the other type: taken away.
        step {
          when    = length(concat(raw.targets, raw.custom)) == 0 && (raw.type == "sensitive") != destination.sensitive
          request = "DELETE /v9/projects/${destination.app}/env/${id}"
          query   = { teamId = destination.team_id }
        }
        step {
          when    = length(concat(raw.targets, raw.custom)) > 0 || (raw.type == "sensitive") != destination.sensitive
          request = "POST /v10/projects/${destination.app}/env"
          query   = { teamId = destination.team_id }
          json = compact({
            key                  = key
            value                = value
            type                 = destination.sensitive ? "sensitive" : "encrypted"
            target               = contains(["production", "preview", "development"], destination.env) ? [destination.env] : []
            customEnvironmentIds = contains(["production", "preview", "development"], destination.env) ? null : [destination.env]
            gitBranch            = destination.branch
          })
        }
      }
      delete {
        step {
          when    = length(concat(raw.targets, raw.custom)) > 0
          request = "PATCH /v9/projects/${destination.app}/env/${id}"
          query   = { teamId = destination.team_id }
          json    = { target = raw.targets, customEnvironmentIds = raw.custom }
        }
        step {
          when    = length(concat(raw.targets, raw.custom)) == 0
          request = "DELETE /v9/projects/${destination.app}/env/${id}"
          query   = { teamId = destination.team_id }
        }
      }
    }

    # Ours are the shared variables with exactly these targets and projects; Vercel leaves `development` out of
    # sensitive ones.
    variant "team" {
      team_name                        = optional(string)
      target_environments              = optional(list(oneof("development", "preview", "production")), [])
      apply_to_all_custom_environments = optional(bool, false)
      target_projects                  = optional(list(string), []) # project ids; none: all projects

      limits { concurrency = 4 }

      list {
        request = "GET /v1/env"
        query   = { teamId = destination.team_id, until = cursor }
        items = [
          for it in response.data : {
            key     = it.key
            id      = it.id
            version = get(it, "updatedAt", null)
            raw     = { type = it.type }
          }
          if toset(flatten([get(it, "target", [])])) == toset([for t in destination.target_environments : t if !(destination.sensitive && t == "development")])
          && toset(flatten([get(it, "projectId", [])])) == toset(destination.target_projects)
          && get(it, "applyToAllCustomEnvironments", false) == destination.apply_to_all_custom_environments
        ]
        next = get(get(response, "pagination", null), "next", null)
      }
      read {
        when    = raw.type == "encrypted"
        request = "GET /v1/env/${id}"
        query   = { teamId = destination.team_id }
        value   = response.value
      }
      create {
        request = "POST /v1/env"
        query   = { teamId = destination.team_id }
        json = compact({
          evs                          = [{ key = key, value = value }]
          type                         = destination.sensitive ? "sensitive" : "encrypted"
          target                       = [for t in destination.target_environments : t if !(destination.sensitive && t == "development")]
          projectId                    = length(destination.target_projects) == 0 ? null : destination.target_projects
          applyToAllCustomEnvironments = destination.apply_to_all_custom_environments
        })
      }
      update {
        request = "PATCH /v1/env"
        query   = { teamId = destination.team_id }
        json    = { updates = { (id) = { value = value } } }
      }
      delete {
        max     = 50
        request = "DELETE /v1/env"
        query   = { teamId = destination.team_id }
        json    = { ids = [for it in entries : it.id] }
      }
    }
  }
}
