# Databricks, by a service principal of a workspace.
provider "databricks" {
  title    = "Databricks"
  docs     = "https://docs.databricks.com/api/workspace/introduction"
  verified = "2026-11-21"

  connection "service-principal" {
    client_id     = string # the principal's application id
    client_secret = sensitive
    workspace_url = string # https://dbc-x.cloud.databricks.com
  }

  # The credentials are good if they bring a token.
  base_url = trimsuffix(connection.workspace_url, "/")
  verify {
    request = "POST /oidc/v1/token"
    headers = { Authorization = "Basic ${base64encode("${connection.client_id}:${connection.client_secret}")}" }
    form    = { grant_type = "client_credentials", scope = "all-apis" }
  }
  errors { message = get(response, "message", get(response, "error_description", null)) }
}
