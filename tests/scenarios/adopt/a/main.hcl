variable "url" {}

backend "infisical" {
  url = var.url
}

project "payments" {
  name        = "Payments"
  description = "Everything $${about} money"
  environment "dev" {
    name     = "Development"
    position = 1
  }
  environment "staging" { position = 2 }
  environment "prod" {
    name     = "Production"
    position = 3
  }
  folder "/api" {}
  folder "/api/batch" { environments = ["prod"] }
  folder "/shared" { description = "Seen by all" }
  tag "pii" { color = "#ff0000" }
  tag "rotated" {}
  secret "DB_URL" {
    environment = "prod"
    path        = "/api"
    value       = secret_env("DB_URL")
    comment     = "The \"main\" one"
    tags        = ["pii"]
  }
  secret_import "shared_prod" {
    environment = "prod"
    path        = "/api"
    from        = { environment = "prod", path = "/shared" }
  }
  secret_import "shared_dev" {
    environment = "dev"
    path        = "/api"
    from        = { environment = "dev", path = "/shared" }
  }
  secret_import "batch" {
    environment = "prod"
    path        = "/api/batch"
    from        = { environment = "prod", path = "/api" }
  }
}
project "bakery-2024" {
  environment "dev" {}
}
app_connection "local" "files" {
  method = "directory"
  path   = abspath("../out")
}
app_connection "postgres" "ledger" {
  method                  = "username-and-password"
  host                    = "db.example.com"
  port                    = 5432
  database                = "ledger"
  username                = "keyform"
  password                = secret_env("PGPASS")
  ssl_reject_unauthorized = false
}
secret_sync "local-file" "web" {
  for_each    = toset(["dev", "prod"])
  project     = project.payments
  environment = each.key
  path        = "/api"
  connection  = app_connection.files
  key_schema  = "APP_{{secretKey}}"
  destination {
    format = "dotenv"
    file   = "${each.key}.env"
  }
}
app_connection "postgres" "reports" {
  project  = project.payments
  method   = "username-and-password"
  host     = "reports.example.com"
  port     = 5432
  database = "reports"
  username = "keyform"
  password = secret_env("PGPASS")
}
secret_sync "local-file" "worker" {
  project                 = project.payments
  environment             = "prod"
  path                    = "/api/batch"
  connection              = app_connection.files
  key_schema              = "APP_{{secretKey}}"
  disable_secret_deletion = true
  destination {
    format = "json"
    file   = "worker.json"
  }
}

project_role "deployer" {
  project     = project.payments
  description = "What a pipeline may do"
  permissions = [
    { subject = "secrets", action = ["read", "edit"], conditions = { environment = { "$eq" = "prod" } } },
    { subject = "secret-folders", action = ["read"] },
  ]
}
identity "ci_runner" {
  role     = "member"
  metadata = { team = "platform" }
  universal_auth {
    access_token_ttl         = 3600
    access_token_trusted_ips = ["10.0.0.0/8"]
  }
}
identity "reader" {
  name = "Reads all"
  universal_auth {}
}
project_identity "ci" {
  project  = project.payments
  identity = identity.ci_runner
  roles    = ["deployer", { role = "admin", range = "8h", start = "2030-01-01T00:00:00Z" }]
}
webhook "prod" {
  project     = project.payments
  environment = "prod"
  path        = "/api"
  url         = secret_env("HOOK_URL")
  secret_key  = secret_env("HOOK_KEY")
  events      = ["secrets.modified"]
}
project_template "service" {
  environments = [{ slug = "dev", name = "Development" }, { slug = "prod" }]
  roles        = [{ slug = "auditor", permissions = [{ subject = "secrets", action = ["read"] }] }]
}
