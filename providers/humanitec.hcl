# Humanitec: shared values of an application, or of one of its environments.
#
# They are written as secrets, whose values never come back; the time of the last change tells that one changed. What is
# no secret can't become one, so it is made anew. Of an environment, only values of its own are the sync's, not those
# that it inherits. Workloads see new values with the next deployment.
provider "humanitec" {
  title    = "Humanitec"
  docs     = "https://api-docs.humanitec.com/"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive
  }

  base_url = "https://api.humanitec.io"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /orgs" }
  errors { message = get(response, "message", null) }

  destination "humanitec" {
    selector = "scope"
    readable = false

    org = string
    app = string

    key { matches = "[A-Za-z0-9._-]+" }
    limits { concurrency = 4 }

    list {
      request = "GET"
      items = [
        for it in response : {
          key     = it.key
          value   = it.is_secret ? null : it.value
          version = it.updated_at
          raw     = { secret = it.is_secret }
        } if it.source == (destination.scope == "environment" ? "env" : "app")
      ]
    }
    create {
      request = "POST"
      json    = { key = key, value = value, description = null, is_secret = true }
      version = response.updated_at
    }
    update {
      step {
        when    = raw.secret
        request = "PATCH /${key}"
        json    = { value = value }
      }
      step {
        when    = !raw.secret
        request = "DELETE /${key}"
      }
      step {
        when    = !raw.secret
        request = "POST"
        json    = { key = key, value = value, description = null, is_secret = true }
      }
      version = response.updated_at
    }
    delete { request = "DELETE /${key}" }

    variant "application" {
      root = "/orgs/${destination.org}/apps/${destination.app}/values"
    }
    variant "environment" {
      env = string

      root = "/orgs/${destination.org}/apps/${destination.app}/envs/${destination.env}/values"
    }
  }
}
