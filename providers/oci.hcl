# Oracle Cloud Infrastructure. Requests are signed with the user's key in a way of Oracle's own, so keyform does not
# try the credentials.
provider "oci" {
  title    = "Oracle Cloud Infrastructure"
  docs     = "https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm"
  verified = "2026-11-21"

  connection "access-key" {
    user_ocid    = string # Infisical asks for its enterprise plan
    tenancy_ocid = string
    region       = string    # us-ashburn-1
    fingerprint  = string    # of the API signing key: aa:bb:…
    private_key  = sensitive # RSA without a passphrase, as PEM
  }
}
