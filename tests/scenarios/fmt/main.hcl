# A comment stays.
project   "shop" {
name = "Bakery"  # here, too
      description= "x"
  environment "dev" {}
}
