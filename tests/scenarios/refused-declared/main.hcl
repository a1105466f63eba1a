project "bakery" {
  environment "ci" {}

  folder "/shared" {}

  secret_import "shared" {
    environment = "ci"
    path        = "/"
    from        = { environment = "ci", path = "/shared" }
  }
}

app_connection "github" "org" {
  method                = "pat"
  personal_access_token = secret_env("GITHUB_SYNC_TOKEN")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "github" "workflows" {
  project     = project.bakery
  environment = "ci"
  connection  = app_connection.org

  destination {
    scope = "repository"
    owner = "bakery"
    repo  = "shop"
  }
}

# A prefix makes of a reserved name one that is taken, but no dot of a letter.
secret_sync "local-file" "app" {
  project     = project.bakery
  environment = "ci"
  connection  = app_connection.files
  key_schema  = "APP_{{secretKey}}"

  destination {
    format = "dotenv"
    file   = "ci.env"
  }
}
