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
    readable = true
    selector = "scope"

    options {
      auto_redeploy_services = optional(bool, false)
    }

    variant "service" {
      service_id = string
      type       = optional(oneof("env"), "env")

      key {
        matches  = "^[A-Za-z_.-][A-Za-z0-9_.-]*$"
        reserved = ["RENDER", "RENDER_*"]
      }
      value { empty = false }
      limits {
        rate        = 100 # requests a minute, as the answers' headers say for writes
        concurrency = 4
      }

      # The vendor's own client reads until an empty page: a page size that the server lowers would
      # otherwise look like the end.
      list {
        request = "GET /services/${destination.service_id}/env-vars"
        query   = { limit = 100, cursor = cursor }
        items   = [for it in response : { key = it.envVar.key, value = it.envVar.value }]
        next    = length(response) == 0 ? null : last(response).cursor
      }
      upsert {
        request = "PUT /services/${destination.service_id}/env-vars/${key}"
        json    = { value = value }
      }
      delete { request = "DELETE /services/${destination.service_id}/env-vars/${key}" }
      after {
        when    = options.auto_redeploy_services
        request = "POST /services/${destination.service_id}/deploys"
        json    = {}
      }
    }

    variant "environment-group" {
      environment_group_id = string
      type                 = optional(oneof("env"), "env")

      key {
        matches  = "^[A-Za-z_.-][A-Za-z0-9_.-]*$"
        reserved = ["RENDER", "RENDER_*"]
      }
      value { empty = false }
      limits {
        rate        = 100
        concurrency = 4
      }

      list {
        request = "GET /env-groups/${destination.environment_group_id}"
        items   = [for it in response.envVars : { key = it.key, value = it.value }]
      }
      upsert {
        request = "PUT /env-groups/${destination.environment_group_id}/env-vars/${key}"
        json    = { value = value }
      }
      delete { request = "DELETE /env-groups/${destination.environment_group_id}/env-vars/${key}" }
    }
  }
}
