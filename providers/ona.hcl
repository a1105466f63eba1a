# Ona, formerly Gitpod: secrets of a project that its environments have as variables.
#
# Their values never come back; the time of the last change tells that one changed. Secrets that are files, or credentials of
# a registry, are none of ours. Environments see new values when they start again. Requests follow the vendor's own client
# (`@gitpod/sdk` 0.6), which was read and not run.
provider "ona" {
  title    = "Ona"
  docs     = "https://ona.com/api-reference/resources/secrets"
  verified = "2026-11-22"

  connection "personal-access-token" {
    personal_access_token = sensitive
  }

  base_url = "https://app.gitpod.io/api"
  headers  = { Authorization = "Bearer ${connection.personal_access_token}", Accept = "application/json" }

  verify {
    request = "POST /gitpod.v1.IdentityService/GetAuthenticatedIdentity"
    json    = {}
  }
  errors { message = try(response.message, null) }

  destination "ona" {
    readable = false

    project_id   = string
    project_name = optional(string)

    key {
      matches    = "[A-Za-z_][A-Za-z0-9_]{2,}"
      max_length = 127
    }
    value { empty = false }
    limits { concurrency = 4 }

    # What is empty or false is left out of an answer.
    list {
      request = "POST /gitpod.v1.SecretService/ListSecrets"
      json    = { filter = { scope = { projectId = destination.project_id } }, pagination = compact({ pageSize = 100, token = cursor }) }
      items   = [for it in get(response, "secrets", []) : { key = it.name, id = it.id, version = get(it, "updatedAt", null) } if get(it, "environmentVariable", false)]
      next    = try(coalesce(response.pagination.nextToken), null)
    }
    create {
      request = "POST /gitpod.v1.SecretService/CreateSecret"
      json    = { name = key, value = value, scope = { projectId = destination.project_id }, environmentVariable = true }
      version = get(response.secret, "updatedAt", null)
    }
    update {
      request = "POST /gitpod.v1.SecretService/UpdateSecretValue"
      json    = { secretId = id, value = value }
    }
    delete {
      request = "POST /gitpod.v1.SecretService/DeleteSecret"
      json    = { secretId = id }
    }
  }
}
