# Authorities that issue certificates. keyform does not try their credentials itself; Infisical does.

provider "azure-adcs" {
  title    = "Active Directory Certificate Services"
  docs     = "https://infisical.com/docs/integrations/app-connections/azure-adcs"
  verified = "2026-11-21"

  connection "username-password" {
    adcs_url                = string # https://
    username                = string
    password                = sensitive
    ssl_reject_unauthorized = optional(bool)   # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string) # of the authority that vouches for it, as PEM
  }
}

provider "digicert" {
  title    = "DigiCert"
  docs     = "https://infisical.com/docs/integrations/app-connections/digicert"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive
    region  = oneof("us", "eu")
  }
}

provider "venafi" {
  title    = "Venafi TLS Protect Cloud"
  docs     = "https://infisical.com/docs/integrations/app-connections/venafi"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive
    region  = oneof("us", "eu", "au", "uk", "sg", "ca")
  }
}

# The grant is by password: no browser is needed.
provider "venafi-tpp" {
  title    = "Venafi Trust Protection Platform"
  docs     = "https://infisical.com/docs/integrations/app-connections/venafi-tpp"
  verified = "2026-11-21"

  connection "oauth" {
    tpp_url   = string # https://
    client_id = string
    username  = string
    password  = sensitive
  }
}
