# Render: environment variables of one service, or of an environment group.
provider "render" {
  title    = "Render"
  docs     = "https://api-docs.render.com/reference/get-env-vars-for-service"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive
  }

  base_url = "https://api.render.com/v1"
  headers  = { Authorization = "Bearer ${connection.api_key}", Accept = "application/json" }

  verify { request = "GET /users" }
  errors { message = get(response, "message", null) }

  destination "render" {
    import   = true
    selector = "scope"

    type = optional(oneof("env"), "env")

    options {
      auto_redeploy_services = remote(optional(bool, false), "environment-group") # of a service; those of a group only by a remote backend
    }

    key {
      matches  = "[A-Za-z_.-][A-Za-z0-9_.-]*"
      reserved = ["RENDER", "RENDER_*"]
    }
    limits { concurrency = 4 }

    upsert {
      request = "PUT /env-vars/${key}"
      json    = { value = value }
    }
    delete { request = "DELETE /env-vars/${key}" }

    variant "service" {
      service_id = string # srv-…

      root = "/services/${destination.service_id}"
      list {
        request = "GET /env-vars"
        query   = { limit = 100, cursor = cursor }
        items   = [for it in response : { key = it.envVar.key, value = it.envVar.value }]
        next    = length(response) < 100 ? null : last(response).cursor
      }
      # Running instances see new values after a deploy only.
      after {
        when    = options.auto_redeploy_services
        request = "POST /deploys"
        json    = {}
      }
    }

    variant "environment-group" {
      environment_group_id = string # evg-…

      root = "/env-groups/${destination.environment_group_id}"
      list {
        request = "GET"
        items   = [for it in response.envVars : { key = it.key, value = it.value }]
      }
    }
  }
}
