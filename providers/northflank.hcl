# Northflank: the variables of a secret group.
#
# A group is written as a whole: its files and mounts go back as they came. What it inherits from addons is none of ours.
# Running services and jobs see new values when they start again.
provider "northflank" {
  title    = "Northflank"
  docs     = "https://northflank.com/docs/v1/api/introduction"
  verified = "2026-11-22"

  connection "api-token" {
    api_token = sensitive # of a role that may read and update the secrets of projects
  }

  base_url = "https://api.northflank.com/v1"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /projects" }
  errors { message = try(response.error.message, null) }

  destination "northflank" {
    import = true

    project_id        = string
    project_name      = optional(string)
    secret_group_id   = string # of a group that exists
    secret_group_name = optional(string)

    key { matches = "[A-Za-z0-9_./-]+" }
    limits { concurrency = 4 } # 1,000 requests an hour, of everything that the token is used for

    root = "/projects/${destination.project_id}/secrets/${destination.secret_group_id}"
    list {
      request  = "GET /details"
      items    = [for key, value in coalesce(get(response.data.secrets, "variables", null), {}) : { key = key, value = value, raw = value }]
      document = response.data.secrets
    }
    replace {
      request = "PATCH"
      json    = { secrets = merge(document, { variables = { for it in entries : it.key => it.value } }) }
    }
  }
}
