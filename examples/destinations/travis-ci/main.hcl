# Environment variables of a repository at Travis CI: one for all branches, one for releases alone.

project "bakery" {
  environment "ci" {
    name = "Builds"
  }
  environment "release" {
    name = "Releases"
  }
}

secret "COVERAGE_TOKEN" {
  project     = project.bakery
  environment = "ci"
  value       = secret_env("COVERAGE_TOKEN")
}

secret "SIGNING_PASSWORD" {
  project     = project.bakery
  environment = "release"
  value       = secret_env("SIGNING_PASSWORD")
}

app_connection "travis-ci" "builds" {
  method    = "api-token"
  api_token = secret_env("TRAVIS_TOKEN")
}

secret_sync "travis-ci" "shop" {
  for_each = { ci = null, release = "release" }

  project     = project.bakery
  environment = each.key
  connection  = app_connection.builds

  disable_secret_deletion = true

  destination {
    repository_id   = "1001"
    repository_slug = "bakery/shop"
    branch          = each.value
  }
}
