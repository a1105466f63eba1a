secret "API_KEY" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("API_KEY")
}
