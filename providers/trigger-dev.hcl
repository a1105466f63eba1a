# Trigger.dev: environment variables of one environment of a project.
#
# As secrets, their values never come back, nothing tells when one was changed, and none becomes plain again: what keyform
# wrote is known by its fingerprint. A value of nothing but white space is left out by Trigger.dev without a word. Tasks
# see new values with their next run. Requests follow the vendor's own server (`triggerdotdev/trigger.dev`), which was read
# and not run.
provider "trigger-dev" {
  title    = "Trigger.dev"
  docs     = "https://trigger.dev/docs/management/envvars/list"
  verified = "2026-11-22"

  connection "api-key" {
    api_key      = sensitive # of a person: tr_pat_…
    instance_url = optional(url, "https://api.trigger.dev")
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/api/v1"
  headers  = { Authorization = "Bearer ${connection.api_key}", Accept = "application/json" }

  verify { request = "GET /projects" }
  errors { message = try(response.error, null) }

  destination "trigger-dev" {
    readable = false

    project_ref = string # proj_…
    environment = oneof("prod", "staging", "dev", "preview")

    options {
      mark_as_secret = optional(bool, true) # what is secret can't be read in the dashboard
    }

    key {
      matches  = "[A-Za-z0-9_]+"
      reserved = ["TRIGGER_SECRET_KEY", "TRIGGER_API_URL"]
    }
    value { empty = false }
    limits { concurrency = 4 }

    root = "/projects/${destination.project_ref}/envvars/${destination.environment}"
    list {
      request = "GET"
      items   = [for it in response : { key = it.name, value = get(it, "isSecret", false) ? null : it.value }]
    }
    upsert {
      max     = 100
      request = "POST /import"
      json = {
        variables = { for it in entries : it.key => it.value }
        override  = true
        isSecret  = options.mark_as_secret
      }
    }
    delete {
      request = "DELETE /${key}"
      # Gone here, and still there in another environment.
      recover {
        when = status == 400 && try(response.error, "") == "Environment variable value not found"
      }
    }
  }
}
