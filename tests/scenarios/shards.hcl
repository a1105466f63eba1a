app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

project "bakery" {
  environment "dev" {}
}

secret "bakery" {
  project     = project.bakery
  environment = "dev"
  key         = "TOKEN"
  value       = secret_env("TOKEN")
}

secret_sync "local-file" "bakery" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files
  run         = "keyform"

  destination {
    format = "dotenv"
    file   = "bakery.env"
  }
}

project "brewery" {
  environment "dev" {}
}

secret "brewery" {
  project     = project.brewery
  environment = "dev"
  key         = "TOKEN"
  value       = secret_env("TOKEN")
}

secret_sync "local-file" "brewery" {
  project     = project.brewery
  environment = "dev"
  connection  = app_connection.files
  run         = "keyform"

  destination {
    format = "dotenv"
    file   = "brewery.env"
  }
}
