# Cloudflare: variables of a Pages project in one environment, secrets of a Worker, and those of a Secrets Store.
#
# All are written as secrets, whose values never come back. Nothing tells when somebody else changed one of a project or a
# Worker: what keyform wrote is known by its fingerprint; in a store the time of the last change tells. A Pages project uses
# new values with its next deployment. Changing a Worker's secrets makes and deploys a version of it; while its latest version
# is not deployed, Cloudflare refuses.
provider "cloudflare" {
  title    = "Cloudflare"
  docs     = "https://developers.cloudflare.com/api/"
  verified = "2026-11-21"

  connection "api-token" {
    account_id = string
    api_token  = sensitive # may read zones, besides what syncs need
  }

  base_url = "https://api.cloudflare.com/client/v4"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /zones" }
  errors {
    when    = get(response, "success", true) == false
    message = try(response.errors[0].message, null)
  }

  destination "cloudflare-pages" {
    privileges {
      needed   = ["Pages Write", "Zone Read"]
      source   = "https://developers.cloudflare.com/fundamentals/api/reference/permissions/"
      verified = "2026-11-22"
    }
    title    = "Cloudflare Pages"
    readable = false

    project_name = string
    environment  = oneof("production", "preview") # of all preview branches

    # 1,200 requests in five minutes, of everything that the token is used for.
    limits {
      rate        = 240
      concurrency = 4
    }

    # Settings that come from a file of Wrangler's have a hash, which its own commands send back with every change.
    root = "/accounts/${connection.account_id}/pages/projects/${destination.project_name}"
    list {
      request = "GET"
      items = [
        for key, it in coalesce(get(response.result.deployment_configs[destination.environment], "env_vars", null), {}) :
        { key = key, value = it.type == "plain_text" ? it.value : null }
      ]
      document = get(response.result.deployment_configs[destination.environment], "wrangler_config_hash", null)
    }
    upsert {
      max     = 1000
      request = "PATCH"
      json = { deployment_configs = { (destination.environment) = compact({
        env_vars             = { for it in entries : it.key => it.value == null ? null : { type = "secret_text", value = it.value } }
        wrangler_config_hash = document
      }) } }
    }
  }

  destination "cloudflare-workers" {
    privileges {
      needed   = ["Workers Scripts Write", "Zone Read"]
      source   = "https://developers.cloudflare.com/fundamentals/api/reference/template/"
      verified = "2026-11-22"
    }
    title    = "Cloudflare Workers"
    readable = false

    script_id = string # the Worker's name

    options {
      sync_non_secret_bindings = remote(optional(bool, false)) # change plain bindings of the same name, too
    }

    key { matches = "[\\p{L}_$][\\p{L}\\p{N}_$]*" }
    value { max_bytes = 5120 }
    limits {
      entries     = 128 # with plain variables; 64 on the free plan
      rate        = 240
      concurrency = 1
    }

    # Keys for signing are named as well, and are none of ours.
    root = "/accounts/${connection.account_id}/workers/scripts/${destination.script_id}"
    list {
      request = "GET /secrets"
      items   = [for it in response.result : { key = it.name } if it.type == "secret_text"]
    }
    # All in one version.
    upsert {
      max     = 100
      request = "PATCH /secrets-bulk"
      headers = { Content-Type = "application/merge-patch+json" }
      json    = { secrets = { for it in entries : it.key => it.value == null ? null : { name = it.key, text = it.value, type = "secret_text" } } }
    }
  }

  destination "cloudflare-secrets-store" {
    privileges {
      needed   = ["Account Secrets Store Edit", "Zone Read"]
      source   = "https://developers.cloudflare.com/secrets-store/access-control/"
      verified = "2026-11-22"
    }
    title    = "Cloudflare Secrets Store"
    readable = false

    store_id   = string
    store_name = optional(string)
    scopes     = list(string) # who may use the secrets: workers, ai_gateway, …

    key { matches = "[A-Za-z0-9_-]+" }
    value {
      max_bytes = 65536
      empty     = false
    }
    limits {
      entries     = 100 # of the account
      rate        = 240
      concurrency = 4
    }

    root = "/accounts/${connection.account_id}/secrets_store/stores/${destination.store_id}/secrets"
    list {
      request = "GET"
      query   = { per_page = 50, page = cursor }
      items   = [for it in response.result : { key = it.name, id = it.id, version = it.modified } if it.status != "deleted"]
      next    = response.result_info.page * response.result_info.per_page < response.result_info.total_count ? response.result_info.page + 1 : null
    }
    create {
      max     = 100
      request = "POST"
      json    = [for it in entries : { name = it.key, value = it.value, scopes = destination.scopes }]
    }
    update {
      request = "PATCH /${id}"
      json    = { value = value, scopes = destination.scopes }
      version = response.result.modified
    }
    delete { request = "DELETE /${id}" }
  }
}
