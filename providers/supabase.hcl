# Supabase: the secrets of a project's Edge Functions.
#
# Of a value only a digest comes back, and that is how a change outside is seen. What the platform itself keeps there
# is none of ours.
provider "supabase" {
  title    = "Supabase"
  docs     = "https://supabase.com/docs/reference/api/introduction"
  verified = "2026-11-21"

  connection "access-token" {
    access_key   = sensitive # a personal access token: sbp_…
    instance_url = optional(url, "https://api.supabase.com")
  }

  base_url = trimsuffix(connection.instance_url, "/")
  headers  = { Authorization = "Bearer ${connection.access_key}", Accept = "application/json" }

  verify { request = "GET /v1/projects" }
  errors { message = get(response, "message", null) }

  destination "supabase" {
    privileges {
      needed   = ["Edge Function Secrets: Read-write", "Projects (account-wide): Read"]
      source   = "https://supabase.com/docs/guides/platform/personal-access-tokens"
      verified = "2026-11-22"
    }
    readable = false

    project_id   = string # its reference: twenty small letters
    project_name = string

    key {
      max_length = 256
      reserved   = ["SUPABASE_*"]
    }
    value { max_bytes = 24576 } # as many characters
    limits {
      entries     = 100
      rate        = 120
      concurrency = 4
    }

    root = "/v1/projects/${destination.project_id}/secrets"
    list {
      request = "GET"
      items   = [for it in response : { key = it.name, digest = it.value } if !startswith(it.name, "SUPABASE_")]
    }
    upsert {
      max     = 100
      request = "POST"
      json    = [for it in entries : { name = it.key, value = it.value }]
    }
    delete {
      max     = 100
      request = "DELETE"
      json    = [for it in entries : it.key]
    }
  }
}
