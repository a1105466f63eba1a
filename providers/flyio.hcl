# Fly.io: the secrets of an app.
#
# Values never come back; a digest tells that one changed. They are staged: running machines keep the old ones until
# they are updated or restarted, for example by `fly secrets deploy`. GraphQL, which knows the account, tells failures
# in an answer whose status is 200.
provider "flyio" {
  title    = "Fly.io"
  docs     = "https://fly.io/docs/machines/api/"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive # FlyV1 …; of a user or an organization, not of one app
  }

  base_url = "https://api.fly.io"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify {
    request = "POST /graphql"
    json    = { query = "query { viewer { id email } }" }
  }
  errors {
    when    = length(try(response.errors, [])) > 0
    message = try(response.errors[0].message, response.error, null)
  }

  destination "flyio" {
    privileges {
      needed   = ["org-scoped access token"]
      source   = "https://fly.io/docs/security/tokens/"
      verified = "2026-11-22"
    }
    readable = false

    app_id   = string           # which is its name
    app_name = optional(string) # for backends that want both

    options {
      auto_redeploy = remote(optional(bool, false)) # restart the app's machines one after the other
    }

    # One request a second for each app.
    limits {
      rate        = 60
      concurrency = 1
    }

    base_url = "https://api.machines.dev"
    root     = "/v1/apps/${destination.app_name == null ? destination.app_id : destination.app_name}/secrets"
    list {
      request = "GET"
      items   = [for it in response.secrets : { key = it.name, digest = it.digest }]
    }
    upsert {
      max     = 1000
      request = "POST"
      json    = { values = { for it in entries : it.key => it.value } }
    }
  }
}
