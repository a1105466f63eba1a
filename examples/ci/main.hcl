# A project that is ready for CI: a role that reads what a deployment needs, a machine identity that can
# log in, its membership, and a call to whoever wants to know that secrets changed.
#
# The client id is on the identity's page of the backend; a client secret is made there, once, by hand.

keyform {
  # Every job starts on an empty disk: what keyform owns is kept where all of them find it.
  ledger "s3" {
    bucket = "bakery-keyform" # it has to be there
    prefix = "ci"
    region = "us-east-1"
  }
}

# Where it is, INFISICAL_HOST says (without it, Infisical Cloud); who keyform is there, the login in the environment.
backend "infisical" {}

project "bakery" {
  environment "dev" { name = "Development" }
  environment "prod" { name = "Production" }

  folder "/deploy" {}

  project_role "deployer" {
    description = "Reads what a deployment needs"

    permissions = [
      {
        subject    = "secrets"
        action     = ["describeSecret", "readValue"]
        conditions = { secretPath = { "$glob" = "/deploy/**" } }
      },
    ]
  }

  project_identity "ci" {
    identity = identity.ci
    roles    = [project.bakery.project_role.deployer]
  }

  webhook "changes" {
    environment = "prod"
    path        = "/deploy"
    url         = "https://ci.example.com/hooks/secrets"
    events      = ["secrets.modified"]
  }
}

identity "ci" {
  metadata = { team = "delivery" }

  universal_auth {
    access_token_ttl         = 900
    access_token_max_ttl     = 900
    access_token_trusted_ips = ["10.0.0.0/8"]
  }
}
