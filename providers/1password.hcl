# 1Password, by a Connect server of one's own: items of a vault.
#
# Every key is an item of the category API credential, its title is the key and one of its fields the value; the other
# fields stay as they are. Titles may come twice: then the first one counts. The token needs to read and to write. Service
# accounts have no such interface. Nothing independent of keyform was to be had to check its requests against but the
# vendor's description of the API.
provider "1password" {
  title    = "1Password"
  docs     = "https://developer.1password.com/docs/connect/api-reference/"
  verified = "2026-11-21"

  connection "api-token" {
    instance_url = string # of the Connect server: https://connect.example.com
    api_token    = sensitive
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/v1"
  headers  = { Authorization = "Bearer ${connection.api_token}", Accept = "application/json" }

  verify { request = "GET /vaults" }
  errors { message = get(response, "message", null) }

  # A list has no fields, so every item is asked for alone.
  destination "1password" {
    privileges {
      needed   = ["rw on the vault"]
      source   = "https://github.com/1Password/connect/blob/a0a5f3d92e68497098d9314721335a7bb68a3b2d/README.md"
      verified = "2026-11-22"
    }
    import = true

    vault_id    = string                    # 26 letters and digits
    value_label = optional(string, "value") # of the field that has the value

    root = "/vaults/${destination.vault_id}/items"
    limits { concurrency = 4 }

    list {
      request = "GET"
      items = [for it in response : { key = it.title, id = it.id, version = it.version }
      if it.category == "API_CREDENTIAL" && !contains(["ARCHIVED", "DELETED"], get(it, "state", ""))]
    }
    # An item without the field is there, but has no value; an empty value is left out.
    read {
      request = "GET /${id}"
      value   = try(get([for it in get(response, "fields", []) : it if get(it, "label", "") == coalesce(destination.value_label, "value")][0], "value", ""), null)
      version = response.version
    }
    create {
      request = "POST"
      json = {
        title    = key
        category = "API_CREDENTIAL"
        vault    = { id = destination.vault_id }
        fields   = [{ label = coalesce(destination.value_label, "value"), value = value, type = "CONCEALED" }]
      }
      version = response.version
    }
    # Everything else of the item stays. The field is named by an id that only the item itself tells.
    update {
      step { request = "GET /${id}" }
      step {
        request = "PATCH /${id}"
        json = [for found in [[for it in get(response, "fields", []) : it.id if get(it, "label", "") == coalesce(destination.value_label, "value")]] :
          length(found) > 0
          ? { op = "replace", path = "/fields/${found[0]}/value", value = value }
          : { op = "add", path = "/fields", value = { label = coalesce(destination.value_label, "value"), value = value, type = "CONCEALED" } }
        ]
      }
      version = response.version
    }
    delete { request = "DELETE /${id}" }
  }
}
