project "bakery" {
  environment "prod" {}
}

secret "A" {
  project     = project.bakery
  environment = "prod"
  value       = secret_env("A")
}

secret "B" {
  project     = project.bakery
  environment = "prod"
  value       = secret_env("B")
}

app_connection "local" "f" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "s" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.f

  destination {
    format = "json"
    file   = "s.json"
  }
}
