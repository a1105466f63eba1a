# Azure App Configuration, of the public cloud: key-values with one label, or without any.
#
# The application needs to be App Configuration Data Owner. Key-values that are locked can't be changed, and the error
# says so. Content type and tags of a key-value stay as they are; feature flags are left alone. Requests follow the
# vendor's own client (`azure-appconfiguration` 1.10), which was read and not run.
provider "azure-app-configuration" {
  title    = "Azure App Configuration"
  docs     = "https://learn.microsoft.com/en-us/azure/azure-app-configuration/rest-api"
  verified = "2026-11-21"

  connection "client-secret" {
    tenant_id            = uuid
    client_id            = uuid
    client_secret        = sensitive
    client_secret_key_id = optional(hidden(string)) # the secret's own id, for its rotation
  }
  connection "oauth" { browser_only = true }

  # Tokens come from the directory; what a store is asked carries one.
  login {
    base_url = "https://login.microsoftonline.com"
    request  = "POST /${connection.tenant_id}/oauth2/v2.0/token"
    form = {
      grant_type    = "client_credentials"
      client_id     = connection.client_id
      client_secret = connection.client_secret
      scope         = "https://azconfig.io/.default"
    }
    value = response.access_token
  }
  headers = { Authorization = "Bearer ${login}" }
  errors {
    message = try(response.title, response.error_description, null)
    refused = try(contains(["invalid_client", "unauthorized_client"], response.error), false)
  }

  # A key-value is named by key and label together. What a write does not say is gone, so it says what was there.
  # Feature flags live in the same store.
  destination "azure-app-configuration" {
    privileges {
      needed   = ["App Configuration Data Owner"]
      source   = "https://learn.microsoft.com/en-us/azure/azure-app-configuration/concept-enable-rbac"
      verified = "2026-11-22"
    }
    import = true

    configuration_url = url           # https://<store>.azconfig.io
    label             = optional(string) # none: key-values without a label

    base_url = trimsuffix(destination.configuration_url, "/")

    key {
      matches  = "[^%]+"
      reserved = [".", "..", ".appconfig.featureflag/*"]
    }
    value { max_bytes = 10240 } # with key, label, content type and tags
    limits { concurrency = 4 }

    # The label is a filter here, in which some characters mean something.
    list {
      request = "GET /kv"
      query = {
        api-version = "2023-11-01"
        label       = destination.label == null || destination.label == "" ? "\u0000" : replace(replace(replace(destination.label, "\\", "\\\\"), "*", "\\*"), ",", "\\,")
      }
      items = [for it in response.items : {
        key     = it.key
        value   = it.value
        version = it.etag
        raw     = { content_type = it.content_type, tags = get(it, "tags", {}) }
      } if !startswith(it.key, ".appconfig.featureflag/")]
      next = get(response, "@nextLink", null)
    }
    upsert {
      request = "PUT /kv/${key}"
      query   = { api-version = "2023-11-01", label = destination.label == "" ? null : destination.label }
      headers = { Content-Type = "application/vnd.microsoft.appconfig.kv+json" }
      json    = merge({ value = value }, try({ content_type = raw.content_type, tags = raw.tags }, {}))
      version = response.etag
    }
    delete {
      request = "DELETE /kv/${key}"
      query   = { api-version = "2023-11-01", label = destination.label == "" ? null : destination.label }
    }
  }
}
