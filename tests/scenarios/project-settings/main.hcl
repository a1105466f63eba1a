project_template "service" {
  environments = [{ slug = "dev", name = "Development" }, { slug = "prod" }]
  roles        = [{ slug = "reader", permissions = [{ subject = "secrets", action = ["read"] }] }]
}

project "bakery" {
  template            = project_template.service
  delete_protection   = true
  auto_capitalization = true
  pit_version_limit   = 20

  audit_logs_retention_days      = 30
  secret_sharing                 = false
  show_snapshots_legacy          = true
  secret_detection_ignore_values = ["example", "changeme"]

  environment "dev" {}
  environment "prod" { name = "Production" }

  project_identity "ci" {
    identity = identity.ci
    roles    = ["reader"]
  }
}

identity "ci" {}
