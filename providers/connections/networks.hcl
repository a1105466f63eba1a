# Machines, balancers and zones of names. keyform does not try their credentials itself; Infisical does.

provider "azure-dns" {
  title    = "Azure DNS"
  docs     = "https://infisical.com/docs/integrations/app-connections/azure-dns"
  verified = "2026-11-21"

  connection "client-secret" {
    tenant_id       = string # a UUID
    client_id       = string # a UUID
    client_secret   = sensitive
    subscription_id = optional(string) # a UUID; some versions of Infisical ask for it
  }
}

provider "dns-made-easy" {
  title    = "DNS Made Easy"
  docs     = "https://infisical.com/docs/integrations/app-connections/dns-made-easy"
  verified = "2026-11-21"

  connection "api-key-secret" {
    api_key    = string
    api_secret = sensitive
  }
}

provider "easydns" {
  title    = "easyDNS"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-key-secret" {
    api_key    = string    # what easyDNS calls the token
    secret_key = sensitive # what easyDNS calls the key
  }
}

provider "f5-big-ip" {
  title    = "F5 BIG-IP"
  docs     = "https://infisical.com/docs/integrations/app-connections/f5-big-ip"
  verified = "2026-11-21"

  connection "basic-auth" {
    hostname                = string # without a scheme and a path
    port                    = optional(number)
    username                = string
    password                = sensitive
    ssl_reject_unauthorized = optional(bool)   # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string) # of the authority that vouches for it, as PEM
  }
}

provider "godaddy" {
  title    = "GoDaddy"
  docs     = "https://infisical.com/docs/integrations/app-connections/godaddy"
  verified = "2026-11-21"

  connection "api-key" {
    api_key    = sensitive
    api_secret = sensitive
  }
}

provider "netscaler" {
  title    = "NetScaler"
  docs     = "https://infisical.com/docs/integrations/app-connections/netscaler"
  verified = "2026-11-21"

  connection "basic-auth" {
    hostname                = string # without a scheme and a path
    port                    = optional(number)
    username                = string
    password                = sensitive
    ssl_reject_unauthorized = optional(bool)   # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string) # of the authority that vouches for it, as PEM
  }
}

provider "smb" {
  title    = "Windows (SMB)"
  docs     = "https://infisical.com/docs/integrations/app-connections/smb"
  verified = "2026-11-21"

  connection "credentials" {
    host     = string
    port     = number
    domain   = optional(string)
    username = string
    password = sensitive
  }
}

provider "ssh" {
  title    = "SSH"
  docs     = "https://infisical.com/docs/integrations/app-connections/ssh"
  verified = "2026-11-21"

  connection "password" {
    host     = string
    port     = number
    username = string
    password = sensitive
  }

  connection "ssh-key" {
    host        = string
    port        = number
    username    = string
    private_key = sensitive           # as PEM or in the form of OpenSSH
    passphrase  = optional(sensitive) # of the key
  }
}
