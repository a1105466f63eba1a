app_connection "postgre" "near" {
  password = secret_env("DB_PASSWORD")
}

app_connection "brand-new" "far" {
  token = secret_env("TOKEN")
}

app_connection "azure-key-vault" "browser" {
  method    = "oauth"
  tenant_id = "00000000-0000-0000-0000-000000000000"
}

app_connection "github-radar" "only_browser" {
  method = "github-app"
}

app_connection "render" "managed" {
  api_key                      = secret_env("RENDER_API_KEY")
  platform_managed_credentials = true
}
