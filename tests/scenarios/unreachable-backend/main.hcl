variable "url" {
  default = "http://127.0.0.1:1"
}

backend "infisical" {
  url = var.url

  auth "universal" {
    client_id     = env("CLIENT_ID")
    client_secret = secret_env("CLIENT_SECRET")
  }
}

project "bakery" {
  environment "dev" {}
}
