# CircleCI: environment variables of a project.
#
# Of a value only its last characters come back, and nothing tells when one was changed: what keyform wrote is known by its
# fingerprint. A project is named by the organization that it belongs to, which is looked up by its name; one of GitHub's
# or Bitbucket's by its own name, one of CircleCI's own by its id. Requests follow the vendor's own command line and
# Terraform provider, which were read and not run.
provider "circleci" {
  title    = "CircleCI"
  docs     = "https://circleci.com/docs/api/v2/"
  verified = "2026-11-22"

  connection "api-token" {
    api_token = sensitive        # a personal one
    host      = optional(string) # of a server of one's own: circleci.example.com
  }

  base_url = "https://${trimsuffix(trimprefix(coalesce(connection.host, "circleci.com"), "https://"), "/")}/api/v2"
  headers  = { Circle-Token = connection.api_token, Accept = "application/json" }

  verify { request = "GET /me" }
  errors { message = get(response, "message", null) }

  destination "circleci" {
    readable = false

    org_name     = string
    project_name = string # of the repository
    project_id   = string # of its settings

    key { matches = "[A-Za-z_][A-Za-z0-9_]*" }
    value { empty = false }
    limits { concurrency = 4 }

    # Of an organization that is not there, CircleCI says by its name that it does not know it.
    lookup "project" {
      request = "GET /me/collaborations"
      value = coalesce(one([for it in response :
        startswith(it.slug, "circleci/") ? "circleci/${it.id}/${destination.project_id}" : "${it.slug}/${destination.project_name}"
        if it.name == destination.org_name
      ]), "${destination.org_name}/${destination.project_name}")
    }
    root = "/project/${raw(lookup.project)}/envvar"
    list {
      request = "GET"
      query   = { page-token = cursor }
      items   = [for it in response.items : { key = it.name }]
      next    = response.next_page_token
    }
    # A variable of the same name is written over.
    upsert {
      request = "POST"
      json    = { name = key, value = value }
    }
    delete { request = "DELETE /${key}" }
  }
}
