# Variables below a folder of a Windmill workspace, for the scripts in it.

project "bakery" {
  environment "prod" {
    name = "Production"
  }
}

folder "/orders" {
  project = project.bakery
}

secret "SHIPPING_TOKEN" {
  project     = project.bakery
  environment = "prod"
  path        = "/orders"
  value       = secret_env("SHIPPING_TOKEN")
}

app_connection "windmill" "flows" {
  method       = "access-token"
  instance_url = "https://windmill.bakery.example"
  access_token = secret_env("WINDMILL_TOKEN")
}

secret_sync "windmill" "orders" {
  project     = project.bakery
  environment = "prod"
  path        = "/orders"
  connection  = app_connection.flows

  destination {
    workspace = "bakery"
    path      = "f/orders/"
  }
}
