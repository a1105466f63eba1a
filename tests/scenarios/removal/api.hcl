secret "API_KEY" {
  project     = project.shop
  environment = "dev"
  value       = secret_env("API_KEY")
}
