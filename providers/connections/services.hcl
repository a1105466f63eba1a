# Services of many kinds. keyform does not try their credentials itself; Infisical does.

provider "alibaba-cloud" {
  title    = "Alibaba Cloud"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "access-key" {
    access_key_id     = string
    access_key_secret = sensitive
    region_id         = string # eu-central-1
  }
}

provider "anthropic" {
  title    = "Anthropic"
  docs     = "https://infisical.com/docs/integrations/app-connections/anthropic"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive
  }
}

provider "datadog" {
  title    = "Datadog"
  docs     = "https://infisical.com/docs/integrations/app-connections/datadog"
  verified = "2026-11-21"

  connection "api-key" {
    url             = string # of the site's API: https://api.datadoghq.com
    api_key         = sensitive
    application_key = sensitive
  }

  connection "token" {
    url   = string    # of the site's API: https://api.datadoghq.com
    token = sensitive # a service access token
  }
}

provider "dbt" {
  title    = "dbt"
  docs     = "https://infisical.com/docs/integrations/app-connections/dbt"
  verified = "2026-11-21"

  connection "api-token" {
    instance_url = string # https://
    account_id   = string
    api_token    = sensitive
  }
}

provider "devin" {
  title    = "Devin"
  docs     = "https://infisical.com/docs/integrations/app-connections/devin"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive # cog_…
  }
}

provider "doppler" {
  title    = "Doppler"
  docs     = "https://infisical.com/docs/integrations/app-connections/doppler"
  verified = "2026-11-21"

  connection "api-token" {
    api_token = sensitive
  }
}

provider "external-infisical" {
  title    = "Infisical (another installation)"
  docs     = "https://infisical.com/docs/integrations/app-connections/external-infisical"
  verified = "2026-11-21"

  connection "machine-identity-universal-auth" {
    instance_url                   = string # https://
    machine_identity_client_id     = string # a UUID
    machine_identity_client_secret = sensitive
  }
}

provider "github-radar" {
  title    = "GitHub Radar"
  docs     = "https://infisical.com/docs/integrations/app-connections/github-radar"
  verified = "2026-11-21"

  connection "github-app" { browser_only = true }
}

provider "keeper" {
  title    = "Keeper"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-key" {
    instance_url = string # https://
    api_key      = sensitive
  }
}

provider "litellm" {
  title    = "LiteLLM"
  docs     = "https://infisical.com/docs/integrations/app-connections/overview"
  verified = "2026-11-21"

  connection "api-key" {
    instance_url = string # https://
    api_key      = sensitive
  }
}

provider "open-router" {
  title    = "OpenRouter"
  docs     = "https://infisical.com/docs/integrations/app-connections/open-router"
  verified = "2026-11-21"

  connection "api-key" {
    api_key = sensitive
  }
}

provider "ovh" {
  title    = "OVHcloud"
  docs     = "https://infisical.com/docs/integrations/app-connections/ovh"
  verified = "2026-11-21"

  connection "certificate" {
    okms_domain = string # https://eu-west-rbx.okms.ovh.net
    okms_id     = string
    certificate = hidden(string) # as PEM
    private_key = sensitive      # as PEM
  }
}

provider "salesforce" {
  title    = "Salesforce"
  docs     = "https://infisical.com/docs/integrations/app-connections/salesforce"
  verified = "2026-11-21"

  connection "client-credentials" {
    instance_url    = string # https://
    consumer_key    = hidden(string)
    consumer_secret = sensitive
  }
}
