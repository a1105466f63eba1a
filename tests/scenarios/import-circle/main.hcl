project "bakery" {
  environment "dev" {}
  environment "prod" {}

  folder "/a" {}
  folder "/b" {}

  secret_import "b_into_a" {
    environment = "dev"
    path        = "/a"
    from        = { environment = "dev", path = "/b" }
  }

  secret_import "prod_into_b" {
    environment = "dev"
    path        = "/b"
    from        = { environment = "prod", path = "/a" }
  }

  secret_import "dev_into_prod" {
    environment = "prod"
    path        = "/a"
    from        = { environment = "dev", path = "/a" }
  }

  # Leads into the circle and is no part of it.
  secret_import "root" {
    environment = "dev"
    path        = "/"
    from        = { environment = "dev", path = "/a" }
  }
}
