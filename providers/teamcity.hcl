# TeamCity: environment variables of the builds of a project, or of one build configuration.
#
# They are parameters of the type password: their values never come back, and nothing tells when one was changed, so a
# change made elsewhere goes unseen. A `%` would refer to another parameter, so it is doubled. Where a project's settings
# come from a repository they can't be changed here. Nothing independent of keyform was to be had to check its requests
# against but the server's own code.
provider "teamcity" {
  title    = "TeamCity"
  docs     = "https://www.jetbrains.com/help/teamcity/rest/teamcity-rest-api-documentation.html"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive
    instance_url = string # https://teamcity.example.com
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/app/rest"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify { request = "GET /server" }
  errors { message = try(response.errors[0].message, null) }

  destination "teamcity" {
    privileges {
      needed   = ["role Project Administrator"]
      source   = "https://www.jetbrains.com/help/teamcity/managing-roles-and-permissions.html"
      verified = "2026-11-22"
    }
    import   = true
    readable = false

    project      = string           # id
    build_config = optional(string) # id of a build configuration; none: parameters of the project

    root = destination.build_config == null || destination.build_config == "" ? "/projects/id:${destination.project}/parameters" : "/buildTypes/id:${destination.build_config}/parameters"

    key { matches = "[A-Za-z0-9._*-]+" }
    limits { concurrency = 4 }

    # Those from above are not its own.
    list {
      request = "GET"
      query   = { fields = "property(name,inherited)" }
      items   = [for it in response.property : { key = trimprefix(it.name, "env."), id = it.name } if startswith(it.name, "env.") && !get(it, "inherited", false)]
    }
    upsert {
      request = "POST"
      json    = { name = "env.${key}", value = replace(value, "%", "%%"), type = { rawValue = "password display='hidden'" } }
    }
    delete { request = "DELETE /env.${key}" }
  }
}
