# Supabase.
provider "supabase" {
  title    = "Supabase"
  docs     = "https://supabase.com/docs/reference/api/introduction"
  verified = "2026-11-21"

  connection "access-token" {
    access_key   = sensitive # a personal access token: sbp_…
    instance_url = optional(string, "https://api.supabase.com")
  }

  base_url = trimsuffix(connection.instance_url, "/")
  headers  = { Authorization = "Bearer ${connection.access_key}", Accept = "application/json" }

  verify { request = "GET /v1/projects" }
  errors { message = get(response, "message", null) }
}
