# Where software is built, deployed and run. keyform does not try their credentials itself; Infisical does.

provider "cloud66" {
  title    = "Cloud 66"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive # a personal one
  }
}

provider "convex" {
  title    = "Convex"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "personal-access-token" {
    access_token = sensitive
    instance_url = optional(string) # https://
  }
}

provider "coolify" {
  title    = "Coolify"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-token" {
    api_token    = sensitive
    instance_url = string # https://
  }
}

provider "daytona" {
  title    = "Daytona"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive # of one organization
  }
}

provider "hasura-cloud" {
  title    = "Hasura Cloud"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive
  }
}

provider "koyeb" {
  title    = "Koyeb"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive
  }
}

provider "portainer" {
  title    = "Portainer"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-token" {
    instance_url = string # https://
    api_token    = sensitive
  }
}

provider "rundeck" {
  title    = "Rundeck"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-token" {
    instance_url = string # https://
    api_token    = sensitive
  }
}

provider "spacelift" {
  title    = "Spacelift"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-key-secret" {
    api_url        = string # https://
    api_key_id     = string
    api_key_secret = sensitive
  }
}
