# Travis CI: environment variables of a repository, for all of its branches or for one.
#
# They are private: their values never come back, and nothing tells when one was changed, so what keyform wrote is known by
# its fingerprint. A build gets what bash makes of a value, so every value is quoted for it. Requests follow the vendor's
# own server (`travis-ci/travis-api`), which was read and not run.
provider "travis-ci" {
  title    = "Travis CI"
  docs     = "https://developer.travis-ci.com/resource/env_vars"
  verified = "2026-11-22"

  connection "api-token" {
    api_token = sensitive
  }

  base_url = "https://api.travis-ci.com"
  headers  = { Authorization = "token ${connection.api_token}", Travis-API-Version = "3", Accept = "application/json" }

  verify { request = "GET /user" }
  errors { message = try(response.error_message, null) }

  destination "travis-ci" {
    readable = false

    repository_id   = string           # a number
    repository_slug = string           # owner/name
    branch          = optional(string) # none: variables of all branches

    key { matches = "[A-Za-z_][A-Za-z0-9_]*" }
    # The settings of a repository are one document: who changes it at the same time is lost.
    limits { concurrency = 1 }

    root = "/repo/${destination.repository_id}"
    list {
      request = "GET /env_vars"
      items   = [for it in response.env_vars : { key = it.name, id = it.id } if get(it, "branch", null) == destination.branch]
    }
    create {
      request = "POST /env_vars"
      json = compact({
        "env_var.name"   = key
        "env_var.value"  = "'${replace(value, "'", "'\\''")}'"
        "env_var.public" = false
        "env_var.branch" = destination.branch
      })
    }
    update {
      request = "PATCH /env_var/${id}"
      json = {
        "env_var.value"  = "'${replace(value, "'", "'\\''")}'"
        "env_var.public" = false
      }
    }
    delete { request = "DELETE /env_var/${id}" }
  }
}
