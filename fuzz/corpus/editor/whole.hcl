module "service" {
  source  = "./service"
  project = project.bakery
}

moved {
  from = project.shop
  to   = project.bakery
}

rule "r" {
  match   = "secret_sync"
  require = self.environment != "dev"
  message = "no"
}

project "bakery" {
  environment "prod" { slug = "live" }
}

project_role "r" {
  project     = project.bakery
  permissions = [{ subject = "secrets", action = ["read"] }]
}

data "app_connection" "old" { app = "github" }
