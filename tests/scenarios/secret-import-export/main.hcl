project "shop" {
  environment "dev" {}
}
