# DigitalOcean: the variables of an app, as they stand in its specification.
#
# A specification is only ever written as a whole, and each time makes a deployment: all changes are one. Everything
# else in it goes back as it came. Values are written as secrets, which come back encrypted and otherwise after every
# write: that is how a change outside is seen. What looks like `${…}` in a value is a reference to DigitalOcean.
# Variables of components are none of ours, and count more than the app's.
provider "digital-ocean" {
  title    = "DigitalOcean"
  docs     = "https://docs.digitalocean.com/reference/api/"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive # may read and update apps
  }

  base_url = "https://api.digitalocean.com/v2"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /apps" }
  errors { message = get(response, "message", null) }

  destination "digital-ocean-app-platform" {
    privileges {
      needed   = ["app:read", "app:update", "actions:read", "regions:read", "sizes:read"]
      source   = "https://docs.digitalocean.com/reference/api/scopes/app/update/"
      verified = "2026-11-22"
    }
    title    = "DigitalOcean App Platform"
    readable = false

    app_id   = uuid
    app_name = string

    key { matches = "[_A-Za-z][_A-Za-z0-9]*" }
    limits {
      rate        = 250
      concurrency = 4
    }

    root = "/apps/${destination.app_id}"
    list {
      request = "GET"
      items = [
        for it in coalesce(get(response.app.spec, "envs", null), []) : {
          key     = it.key
          value   = get(it, "type", "GENERAL") == "SECRET" ? null : get(it, "value", "")
          version = get(it, "type", "GENERAL") == "SECRET" ? sha256(it.value) : null
          raw     = {}
        }
      ]
      document = response.app.spec
    }
    # What stays as it was goes back in the words of the specification, a key that is there twice as well. What changes
    # keeps the phases that it is for.
    replace {
      request = "PUT"
      json = { spec = merge(document, { envs = concat(
        [for it in coalesce(get(document, "envs", null), []) : it if contains([for kept in entries : kept.key if kept.raw != null], it.key)],
        [for it in entries : {
          key   = it.key
          value = it.value
          type  = "SECRET"
          scope = try([for old in document.envs : old.scope if old.key == it.key][0], "RUN_AND_BUILD_TIME")
        } if it.raw == null],
      ) }) }
    }
  }
}
