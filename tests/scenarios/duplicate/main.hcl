project "shop" {
  environment "dev" {}
  environment "dev" {}
}

project "shop" {
  name = "Again"
}
