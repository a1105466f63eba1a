# Laravel Forge: the environment file of a site.
#
# The file is written as a whole, by a job that Forge runs on the server later, and it is read until the job is done.
# Comments, order and lines of others stay. Running code sees new values when its cached configuration is built anew and
# its processes start again.
provider "laravel-forge" {
  title    = "Laravel Forge"
  docs     = "https://forge.laravel.com/docs/api-reference/introduction"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive # may view the user, organizations and servers, and manage the environment of sites
  }

  base_url = "https://forge.laravel.com/api"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /me" }
  errors { message = get(response, "message", null) }

  destination "laravel-forge" {
    privileges {
      needed   = ["user:view", "server:view", "site:manage-environment"]
      source   = "https://forge.laravel.com/api/docs.openapi"
      verified = "2026-11-22"
    }
    import = true

    org_slug    = string
    org_name    = optional(string)
    server_id   = string # number
    server_name = optional(string)
    site_id     = string # number
    site_name   = optional(string)

    key { matches = "[A-Za-z_][A-Za-z0-9_]*" }
    limits {
      rate        = 60
      concurrency = 1
    }

    root = "/orgs/${destination.org_slug}/servers/${destination.server_id}/sites/${destination.site_id}/environment"
    list {
      request  = "GET"
      items    = [for key, value in dotenv_decode(response.data.attributes.content) : { key = key, value = value }]
      document = response.data.attributes.content
    }
    # An empty file is refused.
    replace {
      step {
        request = "PUT"
        json    = { environment = length(entries) == 0 && trimspace(dotenv_edit(document, [])) == "" ? "# .env\n" : dotenv_edit(document, entries) }
      }
      step {
        request = "GET"
        retry   = dotenv_edit(response.data.attributes.content, entries) != response.data.attributes.content
      }
    }
  }
}
