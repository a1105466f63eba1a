project "bakery" {
  environment "dev" {}
}

secret "DB_URL" {
  project     = project.bakery
  environment = "dev"
  value       = "canary-literal-in-the-file"
}
