project "bakery" {
  environment "dev" {}
  environment "prod" {}

  folder "/api" {}

  secret "SESSION_KEY" {
    environment = "prod"
    path        = "/api"
    value       = secret_env("SESSION_KEY")
  }
}

project "theirs" {
  environment "prod" {}
}
