accept "secret_sync.web.entry.APP_DB_URL" {
  verdict = "value-changed"
  reason  = "the oven is moved by hand"
  expires = "9999-12-31"
}
