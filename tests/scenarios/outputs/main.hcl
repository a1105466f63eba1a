project "bakery" {
  environment "dev" {}
}

output "slug" {
  value = project.bakery.slug
}
