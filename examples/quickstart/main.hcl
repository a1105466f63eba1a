# Everything that keyform does, on this machine alone: no account, no token, no network.
#
#   keyform plan      what would happen, key by key
#   keyform apply     does it
#   keyform plan      nothing to do
#
# Then change something here, or edit a file under out/, and plan again.
#
# Without a `backend` block the embedded backend is used. It speaks the API of Infisical and keeps its
# data, encrypted, in .keyform/. To use a real one, add this and nothing else changes:
#
#   backend "infisical" {
#     url = "https://app.infisical.com"
#     auth "universal" {
#       client_id     = env("INFISICAL_CLIENT_ID")
#       client_secret = secret_env("INFISICAL_CLIENT_SECRET")
#     }
#   }

project "bakery" {
  name        = "Bakery"
  description = "The web shop of a bakery"

  environment "dev" {
    name = "Development"
  }

  environment "prod" {
    name = "Production"
  }

  # One folder in every environment.
  folder "/api" {}
}

# A secret for each environment. Its value is made once, when it is created, and never shown. Other
# sources are secret_env("NAME"), secret_file("path") and secret_stored("project/env/path/KEY").
secret "DATABASE_PASSWORD" {
  for_each = toset(["dev", "prod"])

  project     = project.bakery
  environment = each.key
  path        = "/api"
  value       = secret_random({ length = 32 })
}

secret "SESSION_KEY" {
  for_each = toset(["dev", "prod"])

  project     = project.bakery
  environment = each.key
  path        = "/api"
  value       = secret_random({ length = 48 })
  comment     = "Signs the cookies of the web shop"
}

# Where secrets may be pushed: here, a directory of this machine. `keyform providers list` names
# every other app: aws, github, vercel, …
app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

# How keys are named at the destination: DATABASE_PASSWORD becomes BAKERY_DATABASE_PASSWORD. Keys that
# do not begin so are somebody else's, and are left alone.
key_schema "bakery" {
  prefix = "BAKERY_"
}

# Push the folder /api of each environment to a dotenv file: out/dev.env, out/prod.env.
secret_sync "local-file" "dotenv" {
  for_each = toset(["dev", "prod"])

  project     = project.bakery
  environment = each.key
  path        = "/api"
  connection  = app_connection.files
  key_schema  = key_schema.bakery

  destination {
    format = "dotenv"
    file   = "${each.key}.env"
  }
}

# The same secrets of production once more, as JSON and under their own names.
secret_sync "local-file" "json" {
  project     = project.bakery
  environment = "prod"
  path        = "/api"
  connection  = app_connection.files

  destination {
    format = "json"
    file   = "prod.json"
  }
}
