# Directories and those who say who someone is. keyform does not try their credentials itself; Infisical does.

provider "auth0" {
  title    = "Auth0"
  docs     = "https://infisical.com/docs/integrations/app-connections/auth0"
  verified = "2026-11-21"

  connection "client-credentials" {
    domain        = string # example.us.auth0.com
    client_id     = string
    client_secret = sensitive
    audience      = string
  }
}

provider "azure-client-secrets" {
  title    = "Azure Client Secrets"
  docs     = "https://infisical.com/docs/integrations/app-connections/azure-client-secrets"
  verified = "2026-11-21"

  connection "client-secret" {
    tenant_id            = string # a UUID
    client_id            = string # a UUID
    client_secret        = sensitive
    client_secret_key_id = optional(hidden(string)) # the secret's own id, for its rotation
  }

  connection "certificate" {
    tenant_id        = string         # a UUID
    client_id        = string         # a UUID
    certificate_body = hidden(string) # as PEM
    private_key      = sensitive      # as PEM
  }

  connection "oauth" { browser_only = true }
}

provider "azure-entra-id" {
  title    = "Microsoft Entra ID"
  docs     = "https://infisical.com/docs/integrations/app-connections/azure-entra-id"
  verified = "2026-11-21"

  connection "client-secret" {
    tenant_id     = string # a UUID
    client_id     = string # a UUID
    client_secret = sensitive
  }
}

provider "ldap" {
  title    = "LDAP"
  docs     = "https://infisical.com/docs/integrations/app-connections/ldap"
  verified = "2026-11-21"

  connection "simple-bind" {
    provider                = string # active-directory
    url                     = string # ldap:// or ldaps://
    dn                      = string # the name to bind as
    password                = sensitive
    ssl_reject_unauthorized = optional(bool)   # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string) # of the authority that vouches for it, as PEM
  }
}

provider "okta" {
  title    = "Okta"
  docs     = "https://infisical.com/docs/integrations/app-connections/okta"
  verified = "2026-11-21"

  connection "api-token" {
    instance_url = string # https://example.okta.com
    api_token    = sensitive
  }
}
