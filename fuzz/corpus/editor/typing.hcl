variable "region" {
  type    = string
  default = "eu"
}

locals { team = "bäckerei 🥐" }

project "bakery" {
  environment "prod" {}
  folder "/api" {}
  secret "DB_URL" {
    environment = "prod"
    value       = secret_env("DB
  }
}

app_connection "github" "gh" {
  method = "
}

secret_sync "git
  for_each = toset(["a", "b"])
  project     = project.bakery
  environment = project.bakery.environment[
  path        = "/${var.reg}/${each.
  connection  = app_connection.gh
  destination {
    scope =
    repo  = <<-EOT
      ${local.team}
    EOT
  }
}

output "x" { value = [for k, v in local.team : "${project.bakery.folder["/api"]["prod"].path}"] }
