# Google Cloud. The backend impersonates the account with credentials of its own, so keyform does not try them.
provider "gcp" {
  title    = "Google Cloud"
  docs     = "https://cloud.google.com/iam/docs/service-account-impersonation"
  verified = "2026-11-21"

  connection "service-account-impersonation" {
    service_account_email = hidden(string) # Infisical: the part before the @ ends with the first two groups of the organization's id
  }
}
