project "bakery" {
  environment "dev" {}

  project_role "deployer" {
    name        = "Deployer"
    description = "Reads what a deployment needs"

    permissions = [
      { subject = "secrets", action = ["readValue", "describeSecret"], conditions = { environment = { "$eq" = "dev" } } },
      { subject = "secrets", action = ["delete"], inverted = true },
    ]
  }

  project_identity "ci" {
    identity = identity.ci
    roles    = [project.bakery.project_role.deployer, "viewer"]
  }
}

identity "ci" {
  metadata = { team = "ovens" }

  universal_auth {
    access_token_ttl        = 600
    access_token_max_ttl    = 3600
    access_token_trusted_ips = ["10.0.0.0/8"]
  }
}
