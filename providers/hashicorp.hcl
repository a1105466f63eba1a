# HashiCorp Vault (and OpenBao): the fields of one secret in a KV engine, version 1 or 2.
provider "hashicorp-vault" {
  title    = "HashiCorp Vault"
  docs     = "https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2"
  verified = "2026-11-21"

  connection "access-token" {
    instance_url = string # https://vault.example.com:8200
    namespace    = optional(string)
    access_token = sensitive

    headers = { X-Vault-Token = connection.access_token, X-Vault-Namespace = connection.namespace }
  }
  connection "app-role" {
    instance_url = string # https://vault.example.com:8200
    namespace    = optional(string)
    role_id      = string
    secret_id    = sensitive

    # The namespace goes with the login as well; the token that it brings does not.
    login {
      request = "POST /auth/approle/login"
      headers = { X-Vault-Namespace = connection.namespace }
      json    = { role_id = connection.role_id, secret_id = connection.secret_id }
      value   = response.auth.client_token
    }
    headers = { X-Vault-Token = login, X-Vault-Namespace = connection.namespace }
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/v1"
  verify { request = "GET /auth/token/lookup-self" }
  errors {
    message = join("; ", get(response, "errors", []))
    refused = status == 400 && contains(get(response, "errors", []), "invalid role or secret ID")
  }
  retry = status == 412 # the node has not caught up with a write yet

  destination "hashicorp-vault" {
    privileges {
      needed   = ["create, read and update on MOUNT/data/PATH (version 1: also delete, on MOUNT/PATH)"]
      source   = "https://developer.hashicorp.com/vault/docs/secrets/kv/kv-v2/upgrade"
      verified = "2026-11-22"
    }
    import = true

    mount = string # of the KV engine
    path  = string # of one secret below the mount, without data/

    # Any grant below the mount is enough to ask for it; options can be null, which means version 1.
    lookup "version" {
      request = "GET /sys/internal/ui/mounts/${raw(trim(destination.mount, "/"))}"
      value   = get(get(response.data, "options", {}), "version", "1")
    }
    root = lookup.version == "2" ? "/${raw(trim(destination.mount, "/"))}/data/${raw(trim(destination.path, "/"))}" : "/${raw(trim(destination.mount, "/"))}/${raw(trim(destination.path, "/"))}"

    # What is not there, or deleted, is answered with 404; of a deleted one the version is told, and a write must
    # name it. Fields that are no texts are kept as they are.
    list {
      request  = "GET"
      items    = [for name, it in lookup.version == "2" ? response.data.data : response.data : { key = name, value = it, raw = it }]
      document = lookup.version == "2" ? response.data.metadata.version : null

      recover {
        when     = status == 404
        items    = []
        document = lookup.version == "2" ? get(get(get(response, "data", {}), "metadata", {}), "version", 0) : null
      }
    }
    # A write that someone else's write came before is refused, so that nothing is lost.
    replace {
      step {
        when    = lookup.version == "2"
        request = "POST"
        json    = { data = { for it in entries : it.key => it.value }, options = { cas = document } }
      }
      step {
        when    = lookup.version != "2" && length(entries) > 0
        request = "POST"
        json    = { for it in entries : it.key => it.value }
      }
      # Version 1 takes no empty secret.
      step {
        when    = lookup.version != "2" && length(entries) == 0
        request = "DELETE"
      }
      version = get(get(response, "data", {}), "version", null)
    }
  }
}
