variable "url" {}

variable "dir" {}

backend "infisical" {
  url = var.url

  auth "universal" {
    client_id     = "keyform"
    client_secret = secret_file("secret.txt")
  }
}

app_connection "local" "files" {
  method = "directory"
  path   = abspath(var.dir)
}
