project "bakery" {
  environment "dev" {}
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}

key_schema "none" {
  template = "APP_KEY"
}

key_schema "twice" {
  template = "{{secretKey}}_{{secretKey}}"
}
