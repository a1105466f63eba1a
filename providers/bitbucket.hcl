# Bitbucket Cloud: variables of Pipelines, of a repository or of one of its deployment environments.
#
# All are made as secured ones: their values never come back, and nothing tells when one was changed, so a change made
# elsewhere goes unseen. The token needs to read and administer pipelines. Nothing independent of keyform was to be had to
# check its requests against but the vendor's description of the API.
provider "bitbucket" {
  title    = "Bitbucket"
  docs     = "https://developer.atlassian.com/cloud/bitbucket/rest/"
  verified = "2026-11-21"

  connection "api-token" {
    email     = string # of the account that the token is of
    api_token = sensitive
  }

  base_url = "https://api.bitbucket.org/2.0"
  headers  = { Authorization = "Basic ${base64encode("${connection.email}:${connection.api_token}")}", Accept = "application/json" }

  verify { request = "GET /user" }
  errors { message = try(response.error.message, null) }

  destination "bitbucket" {
    privileges {
      needed   = ["read:pipeline:bitbucket", "admin:pipeline:bitbucket", "read:user:bitbucket"]
      source   = "https://developer.atlassian.com/cloud/bitbucket/swagger.v3.json"
      verified = "2026-11-22"
    }
    readable = false

    workspace_slug  = string
    repository_slug = string
    environment_id  = optional(string) # {uuid} of a deployment environment; none: variables of the repository

    root = destination.environment_id == null || destination.environment_id == "" ? "/repositories/${destination.workspace_slug}/${destination.repository_slug}/pipelines_config/variables" : "/repositories/${destination.workspace_slug}/${destination.repository_slug}/deployments_config/environments/${destination.environment_id}/variables"

    key { matches = "[A-Za-z_][A-Za-z0-9_]*" }
    value { empty = false }
    limits { concurrency = 4 } # and a thousand requests an hour

    list {
      request = "GET"
      query   = { pagelen = 100 }
      items   = [for it in response.values : { key = it.key, id = it.uuid }]
      next    = get(response, "next", null)
    }
    create {
      request = "POST"
      json    = { key = key, value = value, secured = true }
    }
    update {
      request = "PUT /${id}"
      json    = { key = key, value = value, secured = true }
    }
    delete { request = "DELETE /${id}" }
  }
}
