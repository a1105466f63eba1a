# A comment stays.
project   "shop" {
name = "Shop"  # here, too
      description= "x"
  environment "dev" {}
}
