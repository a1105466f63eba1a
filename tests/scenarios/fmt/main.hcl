# A comment stays.
project   "bakery" {
name = "Bakery"  # here, too
      description= "x"
  environment "dev" {}
}
