# Secret macros of a host in Zabbix, which its items name as {$KEY}. Keys are stored in upper case.

project "monitoring" {
  environment "prod" {
    name = "Production"
  }
}

folder "/checks" {
  project = project.monitoring
}

secret "DB_PASSWORD" {
  project     = project.monitoring
  environment = "prod"
  path        = "/checks"
  value       = secret_env("DB_PASSWORD")
}

app_connection "zabbix" "main" {
  method       = "api-token"
  instance_url = "https://zabbix.bakery.example"
  api_token    = secret_env("ZABBIX_API_TOKEN")
}

secret_sync "zabbix" "checks" {
  project     = project.monitoring
  environment = "prod"
  path        = "/checks"
  connection  = app_connection.main

  destination {
    scope      = "host"
    host_id    = "10084"
    host_name  = "shop-db-1"
    macro_type = 1 # secret text
  }
}
