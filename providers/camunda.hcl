# Camunda 8 SaaS, by an administration API client of the organization: connector secrets of a cluster.
#
# How many a cluster holds is a matter of the plan; one too many is answered with 403, as a missing permission is.
# Nothing independent of keyform was to be had to check its requests against but the vendor's description of the API.
provider "camunda" {
  title    = "Camunda"
  docs     = "https://docs.camunda.io/docs/apis-tools/administration-api/administration-api-reference/"
  verified = "2026-11-21"

  connection "client-credentials" {
    client_id     = string
    client_secret = sensitive
  }

  base_url = "https://api.cloud.camunda.io"
  login {
    base_url = "https://login.cloud.camunda.io"
    request  = "POST /oauth/token"
    form = {
      grant_type    = "client_credentials"
      client_id     = connection.client_id
      client_secret = connection.client_secret
      audience      = "api.cloud.camunda.io"
    }
    value = response.access_token
  }
  headers = { Authorization = "Bearer ${login}", Accept = "application/json" }
  errors { message = try(response.message, response.error_description, null) }

  destination "camunda" {
    privileges {
      needed   = ["Connector Secrets"]
      source   = "https://docs.camunda.io/docs/apis-tools/administration-api/authentication/"
      verified = "2026-11-22"
    }
    import = true

    scope        = optional(oneof("cluster"), "cluster")
    cluster_uuid = wire(string, "clusterUUID")

    root = "/clusters/${destination.cluster_uuid}/secrets"

    key { max_length = 49 }
    value { empty = false }
    limits { concurrency = 4 }

    list {
      request = "GET"
      items   = [for name, it in response : { key = name, value = it }]
    }
    create {
      request = "POST"
      json    = { secretName = key, secretValue = value }
    }
    update {
      request = "PUT /${key}"
      json    = { secretValue = value }
    }
    delete { request = "DELETE /${key}" }
  }
}
