secret "token" {
  key         = "GITHUB_TOKEN"
  project     = project.bakery
  environment = "ci"
  value       = secret_env("VALUE")
}

secret "good" {
  key         = "GOOD"
  project     = project.bakery
  environment = "ci"
  value       = secret_env("VALUE")
}

# It reaches both syncs by way of the import.
secret "database" {
  key         = "DB.URL"
  project     = project.bakery
  environment = "ci"
  path        = "/shared"
  value       = secret_env("VALUE")
}
