# Checkly: variables of an account.
#
# They are written as secrets. Values of secrets never come back, nothing tells when somebody else changed one, and none
# becomes plain again: what keyform wrote is known by its fingerprint. The variables of a check group can only be written
# all at once, also those whose values nobody can read: so these are left to a backend. The next run of a check uses new
# values.
provider "checkly" {
  title    = "Checkly"
  docs     = "https://developers.checklyhq.com/reference"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive # of a user (cu_…) or of a service
  }

  base_url = "https://api.checklyhq.com/v1"
  headers  = { Authorization = "Bearer ${connection.api_key}", Accept = "application/json" }

  verify { request = "GET /accounts" }
  errors { message = get(response, "message", null) }

  destination "checkly" {
    privileges {
      needed   = ["role Read & Write"]
      source   = "https://www.checklyhq.com/docs/admin/team-management/overview/"
      verified = "2026-11-22"
    }
    readable = false

    account_id   = string
    account_name = optional(string)
    group_id     = remote(optional(string)) # a check group whose variables are meant, instead of the account's
    group_name   = optional(string)

    value { empty = false }
    limits {
      rate        = 600
      concurrency = 4
    }

    headers = {
      Authorization     = "Bearer ${connection.api_key}"
      Accept            = "application/json"
      X-Checkly-Account = destination.account_id
    }
    list {
      request = destination.group_id == null ? "GET /variables" : "GET /check-groups/${destination.group_id}"
      query   = { limit = destination.group_id == null ? 100 : null, page = cursor }
      items = [
        for it in destination.group_id == null ? response : response.environmentVariables :
        { key = it.key, value = get(it, "secret", false) ? null : it.value }
      ]
      next = destination.group_id != null || length(response) < 100 ? null : (cursor == null ? 2 : cursor + 1)
    }
    create {
      request = "POST /variables"
      json    = { key = key, value = value, locked = false, secret = true }
    }
    update {
      request = "PUT /variables/${key}"
      json    = { key = key, value = value, locked = false, secret = true }
    }
    delete { request = "DELETE /variables/${key}" }
  }
}
