# Secrets of an application in a vault of Oracle Cloud. What is deleted there goes after thirty days, and comes back
# under its name before that.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

folder "/api" {
  project = project.bakery
}

secret "SMTP_PASSWORD" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  value       = secret_env("SMTP_PASSWORD")
}

app_connection "oci" "sync" {
  method       = "access-key"
  user_ocid    = "ocid1.user.oc1..bakerysync"
  tenancy_ocid = "ocid1.tenancy.oc1..bakery"
  region       = "us-ashburn-1"
  fingerprint  = env("OCI_KEY_FINGERPRINT")
  private_key  = secret_env("OCI_PRIVATE_KEY")
}

secret_sync "oci-vault" "api" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  connection  = app_connection.sync

  destination {
    compartment_ocid = "ocid1.compartment.oc1..shop"
    vault_ocid       = "ocid1.vault.oc1..shop"
    key_ocid         = "ocid1.key.oc1..shop"
  }
}
