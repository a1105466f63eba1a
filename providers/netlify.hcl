# Netlify: environment variables of a site in one deploy context, or those that the sites of a team share.
#
# A variable has a value for each context, and only the one of the sync's context is the sync's: the others stay as
# they are, and a variable goes when its last value does. What Netlify keeps as a secret does not come back. New values
# are used by the next build or deploy.
provider "netlify" {
  title    = "Netlify"
  docs     = "https://open-api.netlify.com/"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive # a personal one
  }

  base_url = "https://api.netlify.com/api/v1"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify { request = "GET /accounts" }
  errors { message = get(response, "message", null) }

  destination "netlify" {
    import = true

    account_id   = string # team: id or slug
    account_name = optional(string)
    site_id      = optional(string) # none: the variables that the team's sites share
    site_name    = optional(string)
    context      = optional(oneof("all", "production", "deploy-preview", "branch-deploy", "dev"), "all")

    limits { concurrency = 4 }

    root = "/accounts/${destination.account_id}/env"
    list {
      request = "GET"
      query   = { site_id = destination.site_id }
      items = flatten([for it in response : [
        for value in it.values : {
          key     = it.key
          value   = get(it, "is_secret", false) && value.context != "dev" ? null : value.value
          id      = value.id
          version = get(it, "updated_at", null)
          raw     = { alone = length(it.values) == 1 }
        } if value.context == destination.context
      ]])
    }
    # One that is there for other contexts gets a value more. Without scopes it reaches all of them, on every plan.
    create {
      request = "POST"
      query   = { site_id = destination.site_id }
      json    = [{ key = key, values = [{ context = destination.context, value = value }] }]

      recover {
        when    = contains([400, 409, 422], status)
        request = "PATCH /${key}"
        query   = { site_id = destination.site_id }
        json    = { context = destination.context, value = value }
      }
    }
    update {
      request = "PATCH /${key}"
      query   = { site_id = destination.site_id }
      json    = { context = destination.context, value = value }
    }
    delete {
      request = raw.alone ? "DELETE /${key}" : "DELETE /${key}/value/${id}"
      query   = { site_id = destination.site_id }
    }
  }
}
