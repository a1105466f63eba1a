# A project that is ready for CI: a role that reads what a deployment needs, a machine identity that can
# log in, its membership, and a call to whoever wants to know that secrets changed.
#
# The client id is on the identity's page of the backend; a client secret is made there, once, by hand.

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
