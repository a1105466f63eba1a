app_connection "postgres" "orders" {
  host     = "db.example.com"
  port     = 5432
  database = "orders"
  username = "keyform"
  password = secret_env("DB_PASSWORD")
}
