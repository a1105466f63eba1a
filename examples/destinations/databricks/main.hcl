# Secrets of a Databricks workspace, in a scope that exists. What jobs read there nobody can read back, so keyform knows
# by the time of the last change whether somebody else wrote.

project "lakehouse" {
  environment "prod" {
    name = "Production"
  }
}

folder "/ingest" {
  project = project.lakehouse
}

secret "WAREHOUSE_PASSWORD" {
  project     = project.lakehouse
  environment = "prod"
  path        = "/ingest"
  value       = secret_env("WAREHOUSE_PASSWORD")
}

app_connection "databricks" "workspace" {
  method        = "service-principal"
  client_id     = env("DATABRICKS_CLIENT_ID")
  client_secret = secret_env("DATABRICKS_CLIENT_SECRET")
  workspace_url = "https://dbc-bakery.cloud.databricks.com"
}

secret_sync "databricks" "ingest" {
  project     = project.lakehouse
  environment = "prod"
  path        = "/ingest"
  connection  = app_connection.workspace

  destination {
    scope = "ingest"
  }
}
