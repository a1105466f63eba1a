project "bakery" {
  name        = secret_env("DB_URL")
  description = "the url is ${secret_env("DB_URL")}"

  environment "dev" {}
}

output "leak" {
  value = secret_env("DB_URL")
}
