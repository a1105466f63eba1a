project "shop" {
  environment "dev" {}
}

secret "DB_URL" {
  project     = project.shop
  environment = "dev"
  value       = "canary-literal-in-the-file"
}
