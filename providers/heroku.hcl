# Heroku: the config vars of an app.
#
# Every change of them makes a release and restarts the app, so all changes go into one request. Variables that
# an add-on owns are none of ours: Heroku refuses a change as a whole that touches one of them.
provider "heroku" {
  title    = "Heroku"
  docs     = "https://devcenter.heroku.com/articles/platform-api-reference"
  verified = "2026-11-21"

  connection "auth-token" {
    auth_token = sensitive # HRKU-…
  }
  connection "oauth" { browser_only = true }

  base_url = "https://api.heroku.com"
  headers  = { Authorization = "Bearer ${connection.auth_token}", Accept = "application/vnd.heroku+json; version=3" }

  verify { request = "GET /apps" }
  errors { message = get(response, "message", null) }

  destination "heroku" {
    privileges {
      needed   = ["write-protected"]
      source   = "https://github.com/heroku/identity/blob/f44369794f59c75b6baaa015bfc0e8709eb23d86/views/clients/authorize.slim"
      verified = "2026-11-22"
    }
    import = true

    app      = string # name or id
    app_name = string

    # All keys and values of an app together: 64 kB.
    key { matches = "[A-Za-z0-9_]+" }
    limits { concurrency = 4 }

    lookup "attached" {
      request = "GET /apps/${destination.app}/addon-attachments"
      headers = { Accept-Inclusion = "config_vars", Range = "id ..; max=1000" }
      value   = flatten([for it in response : it.config_vars])
    }
    list {
      request = "GET /apps/${destination.app}/config-vars"
      items   = [for key, value in response : { key = key, value = value } if !contains(lookup.attached, key)]
    }
    upsert {
      max     = 1000
      request = "PATCH /apps/${destination.app}/config-vars"
      json    = { for it in entries : it.key => it.value }
    }
  }
}
