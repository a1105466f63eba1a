# Chef Infra Server. Requests are signed with the user's key in a way of Chef's own, so keyform does not try the
# credentials.
provider "chef" {
  title    = "Chef"
  docs     = "https://docs.chef.io/server/api_chef_server/"
  verified = "2026-11-21"

  connection "user-key" {
    server_url  = optional(string) # none: Chef's own, hosted one
    org_name    = string           # Infisical asks for its enterprise plan
    user_name   = string
    private_key = sensitive # RSA, as PEM
  }
}
