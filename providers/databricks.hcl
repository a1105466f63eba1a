# Databricks, by a service principal of a workspace: secrets of a scope.
#
# The scope must be there, backed by Databricks itself, and let the principal write. Values are read inside of notebooks
# only, so what shows that somebody else wrote is the time of the last change. Requests follow the vendor's own client
# (`databricks-sdk` 0.162), which was read and not run.
provider "databricks" {
  title    = "Databricks"
  docs     = "https://docs.databricks.com/api/workspace/introduction"
  verified = "2026-11-22"

  connection "service-principal" {
    client_id     = string # the principal's application id
    client_secret = sensitive
    workspace_url = url # https://dbc-x.cloud.databricks.com
  }

  base_url = trimsuffix(connection.workspace_url, "/")
  login {
    request = "POST /oidc/v1/token"
    headers = { Authorization = "Basic ${base64encode("${connection.client_id}:${connection.client_secret}")}" }
    form    = { grant_type = "client_credentials", scope = "all-apis" }
    value   = response.access_token
  }
  headers = { Authorization = "Bearer ${login}", Accept = "application/json" }
  errors { message = try(response.message, response.error_description, null) }

  destination "databricks" {
    privileges {
      needed   = ["WRITE on the secret scope"]
      source   = "https://docs.databricks.com/api/secrets/v1/put-secret"
      verified = "2026-11-22"
    }
    readable = false

    scope = string # name of the secret scope

    key {
      matches    = "[A-Za-z0-9._-]+"
      max_length = 128
      case       = "insensitive"
    }
    value {
      max_bytes = 131072
      empty     = false
    }
    limits {
      entries     = 1000
      concurrency = 4
    }

    list {
      request = "GET /api/2.0/secrets/list"
      query   = { scope = destination.scope }
      items   = [for it in get(response, "secrets", []) : { key = it.key, version = it.last_updated_timestamp }]
    }
    upsert {
      request = "POST /api/2.0/secrets/put"
      json    = { scope = destination.scope, key = key, string_value = value }
    }
    delete {
      request = "POST /api/2.0/secrets/delete"
      json    = { scope = destination.scope, key = key }
    }
  }
}
