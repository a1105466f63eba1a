project "bakery" {
  environment "dev" {}

  folder "/api/batch" {}
}
