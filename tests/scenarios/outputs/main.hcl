project "shop" {
  environment "dev" {}
}

output "slug" {
  value = project.shop.slug
}
