# GitHub: Actions secrets of a repository, of one of its environments, or of an organization.
#
# Values are sealed for GitHub's public key before they leave and never come back; what changes is seen by
# `updated_at`. Names are upper case at GitHub, whatever case they were written in.
provider "github" {
  title    = "GitHub"
  docs     = "https://docs.github.com/en/rest/actions/secrets"
  verified = "2026-11-21"

  connection "pat" {
    personal_access_token = sensitive
    instance_type         = optional(oneof("cloud", "server"), "cloud")
    host                  = optional(string, "github.com")
  }
  connection "github-app" { browser_only = true }
  connection "oauth" { browser_only = true }

  base_url = connection.instance_type == "server" ? "https://${connection.host}/api/v3" : "https://api.${connection.host}"
  headers = {
    Authorization        = "Bearer ${connection.personal_access_token}"
    Accept               = "application/vnd.github+json"
    X-GitHub-Api-Version = "2022-11-28"
  }

  # A token that ends says when, in a header of every answer.
  verify {
    request = "GET /user"
    value   = get(response_headers, "github-authentication-token-expiration", null)
  }
  errors { message = get(response, "message", null) }
  # Both of GitHub's limits answer 403: the hourly one with nothing remaining, the secondary one with a pause.
  retry = status == 403 && (get(response_headers, "retry-after", null) != null || get(response_headers, "x-ratelimit-remaining", "1") == "0")

  destination "github" {
    selector = "scope"
    readable = false

    key {
      matches  = "[A-Z_][A-Z0-9_]*"
      case     = "upper"
      reserved = ["GITHUB_*"]
    }
    value { max_bytes = 49152 }
    limits {
      entries     = 100
      concurrency = 4
    }

    lookup "public_key" { request = "GET /public-key" }
    list {
      request = "GET"
      query   = { per_page = 100 }
      next    = link(response_headers, "next")
      items   = [for it in response.secrets : { key = it.name, version = it.updated_at }]
    }
    upsert {
      request = "PUT /${key}"
      json    = { encrypted_value = sealed_box(lookup.public_key.key, value), key_id = lookup.public_key.key_id }
    }
    delete { request = "DELETE /${key}" }

    variant "repository" {
      privileges {
        needed   = ["Secrets repository permissions: read and write"]
        source   = "https://docs.github.com/en/rest/actions/secrets"
        verified = "2026-11-22"
      }
      owner = string
      repo  = string # its name without the owner

      root = "/repos/${destination.owner}/${destination.repo}/actions/secrets"
    }

    # The environment must exist already: GitHub answers 404 otherwise.
    variant "repository-environment" {
      privileges {
        needed   = ["Environments repository permissions: read and write"]
        source   = "https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens"
        verified = "2026-11-22"
      }
      owner = string
      repo  = string # its name without the owner
      env   = string

      root = "/repos/${destination.owner}/${destination.repo}/environments/${destination.env}/secrets"
    }

    # A write sets the visibility anew each time; with `selected` it replaces the list of repositories.
    variant "organization" {
      privileges {
        needed   = ["Secrets organization permissions: read and write"]
        source   = "https://docs.github.com/en/rest/actions/secrets"
        verified = "2026-11-22"
      }
      org                     = string
      visibility              = oneof("all", "private", "selected")
      selected_repository_ids = optional(list(number)) # for visibility "selected"

      limits {
        entries     = 1000
        concurrency = 1 # concurrent writes to one organization's secrets were seen to conflict
      }

      root = "/orgs/${destination.org}/actions/secrets"
      upsert {
        request = "PUT /${key}"
        json = compact({
          encrypted_value         = sealed_box(lookup.public_key.key, value)
          key_id                  = lookup.public_key.key_id
          visibility              = destination.visibility
          selected_repository_ids = destination.visibility == "selected" ? destination.selected_repository_ids : null
        })
      }
    }
  }
}
