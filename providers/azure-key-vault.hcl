# Azure Key Vault, of the public cloud: secrets of a vault, or one secret that holds all keys as JSON.
#
# The application needs to list, get, set, delete and recover secrets. Every write makes a version, so nothing is
# written that is there already. Deleting leaves the vault's own window; a name that is in it is recovered before it is
# written. Disabled secrets are seen and stay disabled; those of certificates are left alone. Requests follow the
# vendor's own client (`azure-keyvault-secrets` 4.12), which was read and not run.
provider "azure-key-vault" {
  title    = "Azure Key Vault"
  docs     = "https://learn.microsoft.com/en-us/rest/api/keyvault/"
  verified = "2026-11-21"

  connection "client-secret" {
    tenant_id            = uuid
    client_id            = uuid
    client_secret        = sensitive
    client_secret_key_id = optional(hidden(string)) # the secret's own id, for its rotation
  }
  connection "oauth" { browser_only = true }

  # Tokens come from the directory; what a vault is asked carries one.
  login {
    base_url = "https://login.microsoftonline.com"
    request  = "POST /${connection.tenant_id}/oauth2/v2.0/token"
    form = {
      grant_type    = "client_credentials"
      client_id     = connection.client_id
      client_secret = connection.client_secret
      scope         = "https://vault.azure.net/.default"
    }
    value = response.access_token
  }
  headers = { Authorization = "Bearer ${login}", Accept = "application/json" }
  errors {
    message = try(response.error.message, response.error_description, null)
    refused = try(contains(["invalid_client", "unauthorized_client"], response.error), false)
  }
  # Deleting and recovering take some seconds.
  retry = status == 409 && try(contains(["ObjectIsBeingDeleted", "ObjectIsBeingRecovered"], response.error.innererror.code), false)

  destination "azure-key-vault" {
    import   = true
    selector = "mapping_behavior"

    vault_base_url = url # https://<vault>.vault.azure.net

    options {
      disable_certificate_import = remote(optional(bool, false)) # of a remote backend's own syncs: secrets of certificates are left alone
    }

    base_url = trimsuffix(destination.vault_base_url, "/")
    limits { concurrency = 4 } # writes are throttled long before reads are

    # One secret of the vault for each key.
    variant "one-to-one" {
      privileges {
        needed   = ["secrets/list", "secrets/get", "secrets/set", "secrets/delete", "secrets/recover"]
        source   = "https://learn.microsoft.com/en-us/rest/api/keyvault/"
        verified = "2026-11-22"
      }
      key {
        matches    = "[0-9A-Za-z-]+"
        max_length = 127
        case       = "insensitive"
        replace    = { "_" = "-" }
      }
      value { max_bytes = 25600 }

      # Those of certificates can't be written; one that is disabled is there, and its value can't be read. What a
      # write does not say the new version would not have.
      list {
        request = "GET /secrets"
        query   = { api-version = "7.4", maxresults = 25 }
        items = [for it in response.value : {
          key = basename(it.id)
          raw = {
            enabled = it.attributes.enabled
            kept = compact({
              contentType = get(it, "contentType", null)
              tags        = get(it, "tags", null)
              attributes  = compact({ enabled = it.attributes.enabled, exp = get(it.attributes, "exp", null), nbf = get(it.attributes, "nbf", null) })
            })
          }
        } if !get(it, "managed", false)]
        next = response.nextLink
      }
      read {
        when    = raw.enabled
        request = "GET /secrets/${key}"
        query   = { api-version = "7.4" }
        value   = response.value
        version = basename(response.id)
      }
      # A name that was deleted is taken until it is recovered.
      upsert {
        request = "PUT /secrets/${key}"
        query   = { api-version = "7.4" }
        json    = merge({ value = value }, try(raw.kept, {}))
        version = basename(response.id)

        recover {
          when = status == 409 && try(response.error.innererror.code, "") == "ObjectIsDeletedButRecoverable"
          step {
            request = "POST /deletedsecrets/${key}/recover"
            query   = { api-version = "7.4" }
          }
          step {
            request = "PUT /secrets/${key}"
            query   = { api-version = "7.4" }
            json    = { value = value }
          }
          version = basename(response.id)
        }
      }
      delete {
        request = "DELETE /secrets/${key}"
        query   = { api-version = "7.4" }
      }
    }

    # One secret of the vault whose value is a JSON object with all keys.
    variant "many-to-one" {
      privileges {
        needed   = ["secrets/get", "secrets/set", "secrets/recover"]
        source   = "https://learn.microsoft.com/en-us/rest/api/keyvault/"
        verified = "2026-11-22"
      }
      secret_name = string # letters, digits and hyphens

      key { container = true }
      value { max_bytes = 25600 } # all keys together

      list {
        request  = "GET /secrets/${destination.secret_name}"
        query    = { api-version = "7.4" }
        items    = [for name, it in jsondecode(response.value) : { key = name, value = it, version = basename(response.id), raw = it }]
        document = compact({ contentType = get(response, "contentType", null), tags = get(response, "tags", null) })

        recover {
          when     = status == 404
          items    = []
          document = {}
        }
      }
      replace {
        request = "PUT /secrets/${destination.secret_name}"
        query   = { api-version = "7.4" }
        json    = merge({ value = jsonencode({ for it in entries : it.key => it.value }) }, document)
        version = basename(response.id)

        recover {
          when = status == 409 && try(response.error.innererror.code, "") == "ObjectIsDeletedButRecoverable"
          step {
            request = "POST /deletedsecrets/${destination.secret_name}/recover"
            query   = { api-version = "7.4" }
          }
          step {
            request = "PUT /secrets/${destination.secret_name}"
            query   = { api-version = "7.4" }
            json    = { value = jsonencode({ for it in entries : it.key => it.value }) }
          }
          version = basename(response.id)
        }
      }
    }
  }
}
