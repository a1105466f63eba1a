# Oracle Cloud Infrastructure: secrets of a vault.
#
# The user needs to manage secrets of the compartment, to read secret bundles, and to use the vault and its key. Every
# change makes a version, of which a secret bears thirty, so nothing is written that is there already. Deleting schedules
# the end in thirty days and the name stays taken until then: a key that comes back before is recovered. Secrets that
# Oracle generates, and replicas, are left alone. What is being made or changed is waited for. Requests follow the
# vendor's own client (`oci` 2.189), which was read and not run.
provider "oci" {
  title    = "Oracle Cloud Infrastructure"
  docs     = "https://docs.oracle.com/en-us/iaas/api/#/en/secretmgmt/"
  verified = "2026-11-21"
  signer   = "oci"

  connection "access-key" {
    user_ocid    = string # Infisical asks for its enterprise plan
    tenancy_ocid = string
    region       = string    # us-ashburn-1
    fingerprint  = string    # of the API signing key: aa:bb:…
    private_key  = sensitive # RSA without a passphrase, as PEM
  }

  base_url = "https://vaults.${connection.region}.oci.oraclecloud.com"
  headers  = { Accept = "application/json" }

  verify {
    base_url = "https://identity.${connection.region}.oci.oraclecloud.com"
    request  = "GET /20160918/users/${connection.user_ocid}"
  }
  errors { message = try(response.message, null) }

  destination "oci-vault" {
    privileges {
      needed   = ["manage secrets", "read secret-bundles", "use vaults", "use keys"]
      source   = "https://docs.oracle.com/en-us/iaas/Content/Identity/Reference/keypolicyreference.htm"
      verified = "2026-11-22"
    }
    title  = "OCI Vault"
    import = true

    compartment_ocid = string
    vault_ocid       = string
    key_ocid         = string # of a symmetric master key of the vault, for secrets that are made

    root = "/20180608/secrets"

    key {
      matches    = "[A-Za-z0-9._-]+"
      max_length = 255
    }
    value {
      max_bytes = 25600
      empty     = false
    }
    limits { concurrency = 4 }

    # The list tells of what is deleted as well, and values are at another host.
    list {
      request = "GET"
      query   = { compartmentId = destination.compartment_ocid, vaultId = destination.vault_ocid, page = cursor }
      items = [for it in response : { key = it.secretName, id = it.id, raw = it.lifecycleState }
        if contains(["ACTIVE", "CREATING", "UPDATING"], it.lifecycleState)
      && !coalesce(get(it, "isAutoGenerationEnabled", null), false) && !coalesce(get(it, "isReplica", null), false)]
      next = get(response_headers, "opc-next-page", null)
    }
    read {
      when     = raw != "CREATING"
      base_url = "https://secrets.vaults.${connection.region}.oci.oraclecloud.com"
      request  = "GET /20190301/secretbundles/${id}"
      value    = try(base64decode(response.secretBundleContent.content), null)
      version  = response.versionNumber
    }
    create {
      step {
        request = "POST"
        json = {
          compartmentId        = destination.compartment_ocid
          vaultId              = destination.vault_ocid
          keyId                = destination.key_ocid
          secretName           = key
          enableAutoGeneration = false
          secretContent        = { contentType = "BASE64", content = base64encode(value) }
        }

        # The name is taken until the end of a secret that was deleted. One that somebody else made is not ours: there
        # is none to recover then.
        recover {
          when = status == 400 && can(regex("already exists", response.message))
          step {
            request = "GET"
            query   = { compartmentId = destination.compartment_ocid, vaultId = destination.vault_ocid, name = key, lifecycleState = "PENDING_DELETION" }
          }
          step { request = "POST /${response[0].id}/actions/cancelDeletion" }
          step {
            request = "GET"
            query   = { compartmentId = destination.compartment_ocid, vaultId = destination.vault_ocid, name = key }
            retry   = try(response[0].lifecycleState != "ACTIVE", false)
          }
          step {
            request = "PUT /${response[0].id}"
            json    = { enableAutoGeneration = false, secretContent = { contentType = "BASE64", content = base64encode(value) } }
          }
        }
      }
      step {
        request = "GET /${response.id}"
        retry   = try(contains(["CREATING", "UPDATING"], response.lifecycleState), false)
      }
      version = response.currentVersionNumber
    }
    update {
      step {
        request = "PUT /${id}"
        json    = { enableAutoGeneration = false, secretContent = { contentType = "BASE64", content = base64encode(value) } }
        retry   = status == 409 && try(response.code, "") == "IncorrectState" # a change before is not through yet
      }
      step {
        request = "GET /${id}"
        retry   = try(response.lifecycleState == "UPDATING", false)
      }
      version = response.currentVersionNumber
    }
    delete {
      request = "POST /${id}/actions/scheduleDeletion"
      json    = {}

      # It is about to go already, or a change before is not through yet.
      recover {
        when = status == 409 && try(response.code, "") == "IncorrectState"
        step {
          request = "GET /${id}"
          retry   = try(contains(["CREATING", "UPDATING"], response.lifecycleState), false)
        }
        step {
          when    = response.lifecycleState == "ACTIVE"
          request = "POST /${id}/actions/scheduleDeletion"
          json    = {}
        }
      }
    }
  }
}
