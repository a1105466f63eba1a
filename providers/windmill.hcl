# Windmill: variables of a workspace below a folder or a user.
#
# The token's user must be able to write there, and every value that is read leaves a trace in the audit log. Windmill
# deletes a resource along with the variable of the same path. Variables that belong to a token which Windmill refreshes
# are left alone. Nothing independent of keyform was to be had to check its requests against but the server's own code.
provider "windmill" {
  title    = "Windmill"
  docs     = "https://app.windmill.dev/openapi.html"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive # of a user
    instance_url = optional(url, "https://app.windmill.dev")
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/api"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify { request = "GET /workspaces/list" }

  # What narrows the listing is a pattern in which `_` fits everything, so every path is looked at again. A page may be
  # short while there are more; an old server takes no notice of pages and answers with all of them, which shows by the
  # same path being the last one again.
  destination "windmill" {
    privileges {
      needed   = ["Writer of the folder"]
      source   = "https://www.windmill.dev/docs/core_concepts/groups_and_folders"
      verified = "2026-11-22"
    }
    import = true

    workspace = string
    path      = string # of the folder: f/app/, u/someone/

    root = "/w/${lower(destination.workspace)}/variables"

    key {
      matches    = "[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*"
      max_length = 250
    }
    value { max_bytes = 11000 } # 15000 characters as it is stored
    limits { concurrency = 4 }

    # What belongs to a token that Windmill refreshes by itself is left alone.
    list {
      request = "GET /list"
      query   = { path_start = "${trim(destination.path, "/")}/", per_page = 1000, page = cursor == null ? 1 : tonumber(split(" ", cursor)[0]) }
      items = [for it in response : { key = trimprefix(it.path, "${trim(destination.path, "/")}/"), id = it.path, value = it.is_secret ? null : it.value, raw = it.is_secret }
      if startswith(it.path, "${trim(destination.path, "/")}/") && !get(it, "is_oauth", false) && !get(it, "is_linked", false)]
      next = length(response) == 0 ? null : endswith(cursor == null ? "" : cursor, " ${last(response).path}") ? null : "${cursor == null ? 2 : tonumber(split(" ", cursor)[0]) + 1} ${last(response).path}"
    }
    read {
      when    = raw
      request = "GET /get_value/${raw(id)}"
      value   = response
    }
    create {
      request = "POST /create"
      json    = { path = "${trim(destination.path, "/")}/${key}", value = value, is_secret = true, description = "" }
    }
    update {
      request = "POST /update/${raw(id)}"
      json    = { value = value, is_secret = true }
    }
    delete { request = "DELETE /delete/${raw(id)}" }
  }
}
