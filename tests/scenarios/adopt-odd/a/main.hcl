variable "url" {}

backend "infisical" {
  url = var.url
}
project "backend" {
  environment "prod" {}
}
project "connections" {
  environment "prod" {}
}
project "y2024" {
  slug = "2024-app"
  name = "The ${"$"}{x} \"app\" 100%%{y}"
  environment "a1" {
    slug     = "1a"
    position = 2
  }
  environment "prod" { position = 3 }
  environment "dev" { position = 1 }
  folder "/x" { environments = ["1a", "dev"] }
  folder "/x/y-z_1" { environments = ["dev"] }
  folder "/d1" {
    path         = "/d"
    environments = ["dev"]
    description  = "one"
  }
  folder "/d2" {
    path         = "/d"
    environments = ["prod"]
    description  = "two"
  }
  tag "t1" { slug = "1st" }
  secret "A.B" {
    for_each    = toset(["dev", "prod"])
    path        = "/d"
    environment = each.key
    value       = secret_random({ length = 10 })
    metadata    = { owner = "me", "x y" = "z" }
    comment     = "two\nlines"
  }
  secret "C" {
    environment = "dev"
    path        = "/x"
    value       = secret_env("DB_URL")
  }
  secret "C2" {
    key         = "C"
    environment = "dev"
    path        = "/x/y-z_1"
    value       = secret_env("DB_URL")
  }
  secret_import "one" {
    environment = "dev"
    path        = "/x"
    from        = { environment = "prod", path = "/" }
    position    = 1
  }
  secret_import "two" {
    environment = "dev"
    path        = "/x"
    from        = { environment = "1a", path = "/x" }
    position    = 2
  }
  secret_import "three" {
    environment = "prod"
    from        = { environment = "1a", path = "/x" }
  }
}
app_connection "local" "main" {
  name   = "main"
  method = "directory"
  path   = abspath("../out")
}
app_connection "postgres" "main2" {
  name     = "2main"
  method   = "username-and-password"
  host     = "x"
  port     = 1
  database = "d"
  username = "u"
  password = secret_env("PGPASS")
}
secret_sync "local-file" "a" {
  name        = "production-eu"
  project     = project.y2024
  environment = "prod"
  connection  = app_connection.main
  destination {
    format = "dotenv"
    file   = "a.env"
  }
}
secret_sync "local-file" "b" {
  name        = "zzz"
  project     = project.y2024
  environment = "dev"
  connection  = app_connection.main
  destination {
    format = "dotenv"
    file   = "b.env"
  }
}
secret_sync "local-file" "c" {
  name        = "123-x"
  project     = project.y2024
  environment = "dev"
  path        = "/x"
  auto_sync   = false
  connection  = app_connection.main
  key_schema  = "{{environment}}_{{secretKey}}"
  destination {
    format = "yaml"
    file   = "c.yaml"
  }
}
webhook "w1" {
  project     = project.y2024
  environment = "dev"
  url         = secret_env("HOOK_URL")
}
webhook "w2" {
  project     = project.y2024
  environment = "dev"
  url         = "https://hooks.example.com/other"
}
identity "one" {
  name = "Same"
}
identity "two" {
  name              = "same"
  delete_protection = true
}
