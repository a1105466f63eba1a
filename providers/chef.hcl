# Chef Infra Server: one item of a data bag, whose attributes are the keys.
#
# The bag must be there; the item is made with its first key. Attributes that are no texts stay as they are. An item
# that is encrypted is refused, because what was written into it as plain text would break whoever reads it. Chef knows
# no version of an item: who writes at the same moment wins. Nothing independent of keyform was to be had to check its
# requests against but the server's own code.
provider "chef" {
  title    = "Chef"
  docs     = "https://docs.chef.io/server/api_chef_server/"
  verified = "2026-11-21"
  signer   = "chef"

  connection "user-key" {
    server_url  = optional(string) # none: Chef's own, hosted one
    org_name    = string           # Infisical asks for its enterprise plan
    user_name   = string
    private_key = sensitive # RSA, as PEM
  }

  base_url = "${trimsuffix(coalesce(connection.server_url, "https://api.chef.io"), "/")}/organizations/${connection.org_name}"
  headers  = { Accept = "application/json", X-Chef-Version = "14.0.0" }

  verify { request = "GET /users/${connection.user_name}" }
  errors {
    when    = length(try([for it in values(response) : it if can(it.encrypted_data)], [])) > 0
    message = try(join("; ", response.error), "the item is encrypted")
  }

  destination "chef" {
    privileges {
      needed   = ["create, read and update on the data bag"]
      source   = "https://docs.chef.io/server/server_orgs/"
      verified = "2026-11-22"
    }
    import = true

    data_bag_name      = string
    data_bag_item_name = string

    root = "/data/${destination.data_bag_name}"

    key { reserved = ["id"] }
    value { max_bytes = 1000000 } # all keys together

    list {
      request  = "GET /${destination.data_bag_item_name}"
      items    = [for name, it in response : { key = name, value = it, raw = it } if name != "id"]
      document = "there"

      recover {
        when     = status == 404
        items    = []
        document = "missing"
      }
    }
    replace {
      step {
        when    = document == "there"
        request = "PUT /${destination.data_bag_item_name}"
        json    = merge({ id = destination.data_bag_item_name }, { for it in entries : it.key => it.value })
      }
      step {
        when    = document == "missing"
        request = "POST"
        json    = merge({ id = destination.data_bag_item_name }, { for it in entries : it.key => it.value })
      }
    }
  }
}
