# Vercel: environment variables of a project in one environment, or shared ones of a team.
#
# One record can serve several environments. A record that serves others than ours is never changed or
# deleted as a whole: ours is detached from it and gets a record of its own.
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
  errors { message = get(get(response, "error", {}), "message", null) }

  destination "vercel" {
    import   = true
    readable = true
    selector = "scope"

    variant "project" {
      app       = string
      app_name  = optional(string)
      env       = string
      branch    = optional(string)
      team_id   = optional(string)
      sensitive = optional(bool, false)

      key {
        matches    = "^[A-Za-z][A-Za-z0-9_]*$"
        max_length = 256
        # https://vercel.com/docs/environment-variables/reserved-environment-variables, 2026-11
        reserved = [
          "AWS_SECRET_KEY", "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
          "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
          "NOW_REGION", "TZ", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
        ]
      }
      value { max_bytes = 65536 }
      limits {
        entries     = 1000
        rate        = 100
        concurrency = 4
      }

      # The list shows values of plain records only; encrypted ones are read one by one, sensitive ones never.
      list {
        request = "GET /v10/projects/${destination.app}/env"
        query   = { teamId = destination.team_id }
        items = [
          for it in response.envs : {
            key     = it.key
            id      = it.id
            version = tostring(get(it, "updatedAt", ""))
            raw     = it
          }
          if it.type != "system" && get(it, "configurationId", null) == null && (
            contains(["production", "preview", "development"], destination.env)
            ? contains(get(it, "target", []), destination.env) && get(it, "gitBranch", null) == destination.branch
            : contains(get(it, "customEnvironmentIds", []), destination.env)
          )
        ]
      }
      read {
        request = "GET /v1/projects/${destination.app}/env/${id}"
        query   = { teamId = destination.team_id }
        value   = get(response, "value", null)
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
        request = "PATCH /v9/projects/${destination.app}/env/${id}"
        query   = { teamId = destination.team_id }
        json    = { value = value }
      }
      delete {
        request = "DELETE /v9/projects/${destination.app}/env/${id}"
        query   = { teamId = destination.team_id }
      }
    }
  }
}
