# Databases. keyform does not try their credentials itself; Infisical does.

provider "postgres" {
  title    = "PostgreSQL"
  docs     = "https://infisical.com/docs/integrations/app-connections/postgres"
  verified = "2026-11-21"

  connection "username-and-password" {
    host                    = string
    port                    = number
    database                = string
    username                = string
    password                = sensitive
    ssl_enabled             = optional(bool, true)
    ssl_reject_unauthorized = optional(bool, true) # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string)     # of the authority that vouches for it, as PEM

    options {
      platform_managed_credentials = wire(optional(bool), "isPlatformManagedCredentials") # Infisical changes the password at once and from then on; this can't be undone
    }
  }
}

provider "mysql" {
  title    = "MySQL"
  docs     = "https://infisical.com/docs/integrations/app-connections/mysql"
  verified = "2026-11-21"

  connection "username-and-password" {
    host                    = string
    port                    = number
    database                = string
    username                = string
    password                = sensitive
    ssl_enabled             = optional(bool, true)
    ssl_reject_unauthorized = optional(bool, true) # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string)     # of the authority that vouches for it, as PEM

    options {
      platform_managed_credentials = wire(optional(bool), "isPlatformManagedCredentials") # Infisical changes the password at once and from then on; this can't be undone
    }
  }
}

provider "mssql" {
  title    = "Microsoft SQL Server"
  docs     = "https://infisical.com/docs/integrations/app-connections/mssql"
  verified = "2026-11-21"

  connection "username-and-password" {
    host                    = string
    port                    = number
    database                = string
    username                = string
    password                = sensitive
    ssl_enabled             = optional(bool, true)
    ssl_reject_unauthorized = optional(bool, true) # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string)     # of the authority that vouches for it, as PEM

    options {
      platform_managed_credentials = wire(optional(bool), "isPlatformManagedCredentials") # Infisical changes the password at once and from then on; this can't be undone
    }
  }
}

provider "oracledb" {
  title    = "Oracle Database"
  docs     = "https://infisical.com/docs/integrations/app-connections/oracledb"
  verified = "2026-11-21"

  connection "username-and-password" {
    host                    = string # Infisical asks for its enterprise plan
    port                    = number
    database                = string
    username                = string
    password                = sensitive
    ssl_enabled             = optional(bool, true)
    ssl_reject_unauthorized = optional(bool, true) # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string)     # of the authority that vouches for it, as PEM

    options {
      platform_managed_credentials = wire(optional(bool), "isPlatformManagedCredentials") # Infisical changes the password at once and from then on; this can't be undone
    }
  }
}

provider "mongodb" {
  title    = "MongoDB"
  docs     = "https://infisical.com/docs/integrations/app-connections/mongodb"
  verified = "2026-11-21"

  connection "username-and-password" {
    host                    = string
    port                    = number
    database                = string
    username                = string
    password                = sensitive
    tls_enabled             = optional(bool, true)
    tls_reject_unauthorized = optional(bool, true) # whether a certificate that nobody vouches for is refused
    tls_certificate         = optional(string)     # of the authority that vouches for it, as PEM
  }
}

provider "redis" {
  title    = "Redis"
  docs     = "https://infisical.com/docs/integrations/app-connections/redis"
  verified = "2026-11-21"

  connection "username-and-password" {
    host                    = string
    port                    = number
    username                = string
    password                = optional(sensitive)
    ssl_enabled             = optional(bool, true)
    ssl_reject_unauthorized = optional(bool, true) # whether a certificate that nobody vouches for is refused
    ssl_certificate         = optional(string)     # of the authority that vouches for it, as PEM
  }
}

provider "snowflake" {
  title    = "Snowflake"
  docs     = "https://infisical.com/docs/integrations/app-connections/snowflake"
  verified = "2026-11-21"

  connection "username-and-token" {
    account  = string
    username = string
    password = sensitive # a programmatic access token
  }
}
