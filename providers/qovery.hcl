# Qovery: variables or secrets of a project, or of one of its environments.
#
# Values of secrets never come back; the time of the last change tells that one changed. What an environment inherits, what
# Qovery makes itself, aliases, overrides and files are none of ours. Services see new values with their next deployment.
# Requests follow the vendor's own client (`qovery-typescript-axios` 1.1.952), which was read and not run.
provider "qovery" {
  title    = "Qovery"
  docs     = "https://api-doc.qovery.com/"
  verified = "2026-11-22"

  connection "access-token" {
    access_token = sensitive # of an organization
    instance_url = optional(url, "https://api.qovery.com")
  }

  base_url = trimsuffix(connection.instance_url, "/")
  headers  = { Authorization = "Token ${connection.access_token}", Accept = "application/json" }

  verify { request = "GET /organization" }
  errors { message = try(response.message, null) }

  destination "qovery" {
    readable = destination.variable_type == "variable"

    organization_id   = string
    organization_name = optional(string)
    project_id        = string
    project_name      = optional(string)
    environment_id    = optional(string) # none: what all environments of the project have
    environment_name  = optional(string)
    variable_type     = optional(oneof("secret", "variable"), "secret")

    limits { concurrency = 4 }

    root = "/${destination.environment_id == null ? "project" : "environment"}/${destination.environment_id == null ? destination.project_id : destination.environment_id}/${destination.variable_type == "secret" ? "secret" : "environmentVariable"}"
    list {
      request = "GET"
      items = [
        for it in response.results : { key = it.key, value = get(it, "value", null), id = it.id, version = get(it, "updated_at", it.created_at), raw = get(it, "description", null) }
        if it.scope == (destination.environment_id == null ? "PROJECT" : "ENVIRONMENT") && get(it, "variable_type", "VALUE") == "VALUE"
      ]
    }
    create {
      request = "POST"
      json    = { key = key, value = value }
      version = get(response, "updated_at", response.created_at)
    }
    # What is not said is lost.
    update {
      request = "PUT /${id}"
      json    = compact({ key = key, value = value, description = raw })
      version = get(response, "updated_at", response.created_at)
    }
    delete { request = "DELETE /${id}" }
  }
}
