# Google Cloud: secrets of Secret Manager, of a project or of one of its regions.
#
# An account is impersonated with the credentials of the machine that keyform, or the backend, runs on: the file that
# GOOGLE_APPLICATION_CREDENTIALS names (a service account's key, or a user's), else what `gcloud auth application-default
# login` left in ~/.config/gcloud/application_default_credentials.json, else the metadata service. They need the role Service Account Token Creator on it;
# the account needs Secret Manager Admin. Every write adds a version, so nothing is written that is there already; older
# versions stay. How a secret is replicated is decided when it is made. Requests follow the vendor's own description
# (`secretmanager.v1`), which was read; they are not checked against it by a machine.
provider "gcp" {
  title    = "Google Cloud"
  docs     = "https://cloud.google.com/secret-manager/docs/reference/rest"
  verified = "2026-11-21"
  signer   = "gcp" # the machine's own token, for the login

  connection "service-account-impersonation" {
    service_account_email = hidden(email) # Infisical: the part before the @ ends with the first two groups of the organization's id
  }

  base_url = "https://secretmanager.googleapis.com"
  login {
    base_url = "https://iamcredentials.googleapis.com"
    request  = "POST /v1/projects/-/serviceAccounts/${connection.service_account_email}:generateAccessToken"
    json     = { scope = ["https://www.googleapis.com/auth/cloud-platform"], lifetime = "3600s" }
    value    = response.accessToken
  }
  headers = { Authorization = "Bearer ${login}", Accept = "application/json" }
  errors { message = try(response.error.message, null) }

  destination "gcp-secret-manager" {
    privileges {
      needed   = ["secretmanager.secrets.list", "secretmanager.secrets.create", "secretmanager.secrets.delete", "secretmanager.versions.access", "secretmanager.versions.add"]
      source   = "https://cloud.google.com/secret-manager/docs/access-control"
      verified = "2026-11-22"
    }
    title    = "GCP Secret Manager"
    import   = true
    selector = "scope"

    project_id = string

    key {
      matches    = "[A-Za-z0-9_-]+"
      max_length = 255
    }
    value {
      max_bytes = 65536
      empty     = false
    }
    limits { concurrency = 4 } # six hundred writes a minute

    list {
      request = "GET /secrets"
      query   = { pageSize = 25000, pageToken = cursor }
      items   = [for it in get(response, "secrets", []) : { key = basename(it.name) }]
      next    = get(response, "nextPageToken", null)
    }
    # Without a version, or with one that is disabled, it is there and has no value; one that is no text neither.
    read {
      request = "GET /secrets/${key}/versions/latest:access"
      value   = try(base64decode(response.payload.data), null)
      version = try(basename(response.name), null)

      recover { when = status == 404 || status == 400 && try(response.error.status, "") == "FAILED_PRECONDITION" }
    }
    update {
      request = "POST /secrets/${key}:addVersion"
      json    = { payload = { data = base64encode(value) } }
      version = basename(response.name)
    }
    delete { request = "DELETE /secrets/${key}" }

    variant "global" {
      user_replica_location_ids = optional(list(string), []) # where it is kept; none: Google chooses

      root = "/v1/projects/${destination.project_id}"
      create {
        step {
          request = "POST /secrets"
          query   = { secretId = key }
          json    = { replication = length(destination.user_replica_location_ids) == 0 ? { automatic = {} } : { userManaged = { replicas = [for id in destination.user_replica_location_ids : { location = id }] } } }
        }
        step {
          request = "POST /secrets/${key}:addVersion"
          json    = { payload = { data = base64encode(value) } }
        }
        version = basename(response.name)
      }
    }

    # Regional secrets are apart from the global ones, on hosts of their own.
    variant "region" {
      location_id = string # europe-west1

      base_url = "https://secretmanager.${destination.location_id}.rep.googleapis.com"
      root     = "/v1/projects/${destination.project_id}/locations/${destination.location_id}"
      create {
        step {
          request = "POST /secrets"
          query   = { secretId = key }
          json    = {}
        }
        step {
          request = "POST /secrets/${key}:addVersion"
          json    = { payload = { data = base64encode(value) } }
        }
        version = basename(response.name)
      }
    }
  }
}
