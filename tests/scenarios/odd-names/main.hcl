project "bakery" {
  name = "Bakery \u001b[2J\u202e and \"quotes\" \\ <b>"

  environment "dev" {
    name = "two\nlines"
  }
}

secret "odd" {
  for_each = toset(["A.B-C", "ÜMLAUT", "lower", "with space", "quote\"d"])

  project     = project.bakery
  environment = "dev"
  key         = each.key
  value       = secret_env("DB_URL")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  project     = project.bakery
  environment = "dev"
  connection  = app_connection.files

  destination {
    format = "json"
    file   = "dev.json"
  }
}
