# Connector secrets of two clusters of Camunda 8, which models name as {{secrets.NAME}}.

project "orders" {
  environment "prod" {
    name = "Production"
  }
}

folder "/connectors" {
  project = project.orders
}

secret "SHIPPING_TOKEN" {
  project     = project.orders
  environment = "prod"
  path        = "/connectors"
  value       = secret_env("SHIPPING_TOKEN")
}

app_connection "camunda" "admin" {
  method        = "client-credentials"
  client_id     = env("CAMUNDA_CLIENT_ID")
  client_secret = secret_env("CAMUNDA_CLIENT_SECRET")
}

secret_sync "camunda" "connectors" {
  for_each = toset(["0c5f3b2e-1111-4aaa-8bbb-000000000001", "0c5f3b2e-1111-4aaa-8bbb-000000000002"])

  project     = project.orders
  environment = "prod"
  path        = "/connectors"
  connection  = app_connection.admin

  destination {
    cluster_uuid = each.key
  }
}
