project "shop" {
  name = "Shop
}

project "other" {
  name = 1 +
}
