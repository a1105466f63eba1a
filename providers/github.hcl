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

  verify { request = "GET /user" }
  errors { message = get(response, "message", null) }

  destination "github" {
    import   = false
    readable = false
    selector = "scope"

    variant "repository" {
      owner = string
      repo  = string

      key {
        matches  = "^[A-Z_][A-Z0-9_]*$"
        case     = "upper"
        reserved = ["GITHUB_*"]
      }
      value { max_bytes = 49152 }
      limits {
        entries     = 100
        rate        = 80 # writes a minute, the secondary limit for requests that create content
        concurrency = 4
      }

      lookup "public_key" {
        request = "GET /repos/${destination.owner}/${destination.repo}/actions/secrets/public-key"
        items   = { id = response.key_id, key = response.key }
      }
      list {
        request = "GET /repos/${destination.owner}/${destination.repo}/actions/secrets"
        query   = { per_page = 100 }
        next    = link(response_headers, "next")
        items   = [for it in response.secrets : { key = it.name, version = it.updated_at }]
      }
      upsert {
        request = "PUT /repos/${destination.owner}/${destination.repo}/actions/secrets/${key}"
        json    = { encrypted_value = sealed_box(lookup.public_key.key, value), key_id = lookup.public_key.id }
      }
      delete { request = "DELETE /repos/${destination.owner}/${destination.repo}/actions/secrets/${key}" }
    }

    # The environment must exist already: GitHub answers 404 otherwise.
    variant "repository-environment" {
      owner = string
      repo  = string
      env   = string

      key {
        matches  = "^[A-Z_][A-Z0-9_]*$"
        case     = "upper"
        reserved = ["GITHUB_*"]
      }
      value { max_bytes = 49152 }
      limits {
        entries     = 100
        rate        = 80
        concurrency = 4
      }

      lookup "public_key" {
        request = "GET /repos/${destination.owner}/${destination.repo}/environments/${destination.env}/secrets/public-key"
        items   = { id = response.key_id, key = response.key }
      }
      list {
        request = "GET /repos/${destination.owner}/${destination.repo}/environments/${destination.env}/secrets"
        query   = { per_page = 100 }
        next    = link(response_headers, "next")
        items   = [for it in response.secrets : { key = it.name, version = it.updated_at }]
      }
      upsert {
        request = "PUT /repos/${destination.owner}/${destination.repo}/environments/${destination.env}/secrets/${key}"
        json    = { encrypted_value = sealed_box(lookup.public_key.key, value), key_id = lookup.public_key.id }
      }
      delete { request = "DELETE /repos/${destination.owner}/${destination.repo}/environments/${destination.env}/secrets/${key}" }
    }

    # A write sets the visibility anew each time; with `selected` it replaces the list of repositories.
    variant "organization" {
      org                     = string
      visibility              = oneof("all", "private", "selected")
      selected_repository_ids = optional(list(number))

      key {
        matches  = "^[A-Z_][A-Z0-9_]*$"
        case     = "upper"
        reserved = ["GITHUB_*"]
      }
      value { max_bytes = 49152 }
      limits {
        entries     = 1000
        rate        = 80
        concurrency = 1 # concurrent writes to one organization's secrets were seen to conflict
      }

      lookup "public_key" {
        request = "GET /orgs/${destination.org}/actions/secrets/public-key"
        items   = { id = response.key_id, key = response.key }
      }
      list {
        request = "GET /orgs/${destination.org}/actions/secrets"
        query   = { per_page = 100 }
        next    = link(response_headers, "next")
        items   = [for it in response.secrets : { key = it.name, version = it.updated_at }]
      }
      upsert {
        request = "PUT /orgs/${destination.org}/actions/secrets/${key}"
        json = compact({
          encrypted_value         = sealed_box(lookup.public_key.key, value)
          key_id                  = lookup.public_key.id
          visibility              = destination.visibility
          selected_repository_ids = destination.visibility == "selected" ? destination.selected_repository_ids : null
        })
      }
      delete { request = "DELETE /orgs/${destination.org}/actions/secrets/${key}" }
    }
  }
}
