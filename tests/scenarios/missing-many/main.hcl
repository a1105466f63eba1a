project "bakery" {
  environment "dev" {}
}

secret "A" {
  project     = project.bakery
  environment = "dev"
  value       = secret_env("A")
}

secret "B" {
  project     = project.bakery
  environment = "dev"
  value       = secret_file("b.txt")
}
