# Many of everything, on this machine alone: services × environments, each with its folder, secrets and file.
# Long lists in plans are folded; add a service below and see that only its own rows appear.

locals {
  environments = ["dev", "staging", "prod"]
  services     = ["api", "billing", "mail", "search", "web"]
  keys         = ["DATABASE_URL", "QUEUE_TOKEN", "SIGNING_KEY"]

  pairs = { for pair in setproduct(local.services, local.environments) :
    "${pair[0]}-${pair[1]}" => { service = pair[0], environment = pair[1] }
  }

  secrets = { for triple in setproduct(keys(local.pairs), local.keys) :
    "${triple[0]}-${triple[1]}" => merge(local.pairs[triple[0]], { key = triple[1] })
  }
}

project "fleet" {}

environment "all" {
  for_each = toset(local.environments)

  project = project.fleet
  slug    = each.key
  name    = title(each.key)
}

folder "service" {
  for_each = toset(local.services)

  project = project.fleet
  path    = "/${each.key}"
}

secret "all" {
  for_each = local.secrets

  project     = project.fleet
  environment = each.value.environment
  path        = "/${each.value.service}"
  key         = each.value.key
  value       = secret_random({ length = 24 })
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "service" {
  for_each = local.pairs

  project     = project.fleet
  environment = each.value.environment
  path        = "/${each.value.service}"
  connection  = app_connection.files

  destination {
    format = "yaml"
    file   = "${each.key}.yaml"
  }
}
