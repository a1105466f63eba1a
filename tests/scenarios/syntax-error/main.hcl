project "bakery" {
  name = "Bakery
}

project "other" {
  name = 1 +
}
