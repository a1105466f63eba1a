project "bakery" {
  environment "dev" {}
  environment "prod" {}
}

secret "DB_URL" {
  for_each    = toset(["dev", "prod"])
  project     = project.bakery
  environment = each.key
  value       = secret_env("DB_URL")
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

secret_sync "local-file" "web" {
  for_each    = toset(["dev", "prod"])
  project     = project.bakery
  environment = each.key
  connection  = app_connection.files

  destination {
    format = "dotenv"
    file   = "${each.key}.env"
  }
}

rule "prefix" {
  match   = "secret_sync"
  when    = self.environment == "prod" && self.labels[0] == "local-file"
  require = try(startswith(self.key_schema, "APP_"), false) && self.project.slug == "bakery"
  message = "${self.destination.file} is shared: a sync of ${self.environment} needs the prefix APP_."
}

rule "kept" {
  match   = "secret_sync"
  require = self.disable_secret_deletion || self.lifecycle.prevent_destroy
  message = "A sync keeps what it does not know."
}

rule "here" {
  match   = "app_connection"
  require = self.path != null && !contains(self.allow, "wipe")
  message = "A connection has a path."
}
