project "bakery" {
  environment "prod" { position = 2 }
  environment "dev" { position = 1 }

  folder "/a" { environments = ["dev"] }
  folder "/b" { environments = ["dev"] }
  folder "/c" { environments = ["dev"] }

  secret_import "c" {
    environment = "dev"
    from        = { environment = "dev", path = "/c" }
    position    = 3
  }
  secret_import "a" {
    environment = "dev"
    from        = { environment = "dev", path = "/a" }
    position    = 1
  }
  secret_import "b" {
    environment = "dev"
    from        = { environment = "dev", path = "/b" }
    position    = 2
  }
}
