project_template "service" {
  environments = [{ slug = "dev", name = "Development" }, { slug = "prod" }]
  roles        = [{ slug = "reader", permissions = [{ subject = "secrets", action = ["read"] }] }]
}

project "bakery" {
  template            = project_template.service
  delete_protection   = true
  auto_capitalization = true
  pit_version_limit   = 20

  environment "dev" {}
  environment "prod" { name = "Production" }

  project_identity "ci" {
    identity = identity.ci
    roles    = ["reader"]
  }
}

identity "ci" {}
