# Attributes of a data bag item of Chef, which recipes read. The bag is there; the item is made if it is not.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

folder "/shop" {
  project = project.bakery
}

secret "SMTP_PASSWORD" {
  project     = project.bakery
  environment = "prod"
  path        = "/shop"
  value       = secret_env("SMTP_PASSWORD")
}

app_connection "chef" "server" {
  method      = "user-key"
  server_url  = "https://chef.bakery.example"
  org_name    = "bakery"
  user_name   = "secret-sync"
  private_key = secret_env("CHEF_USER_KEY")
}

secret_sync "chef" "shop" {
  project     = project.bakery
  environment = "prod"
  path        = "/shop"
  connection  = app_connection.server

  destination {
    data_bag_name      = "secrets"
    data_bag_item_name = "shop"
  }
}
