project "bakery" {
  environment "dev" {}
  environment "dev" {}
}

project "bakery" {
  name = "Again"
}
