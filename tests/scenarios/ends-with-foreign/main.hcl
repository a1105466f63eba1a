project "bakery" {
  environment "dev" {}
}
