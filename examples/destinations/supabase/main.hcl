# The secrets that a Supabase project's Edge Functions see. Values never come back: what keyform wrote is known by
# its fingerprint, and a digest tells when somebody else changed it.

project "orders" {
  environment "prod" {
    name = "Production"
  }
}

secret "WEBHOOK_SECRET" {
  project     = project.orders
  environment = "prod"
  value       = secret_random({ length = 40 })
}

secret "PAYMENT_KEY" {
  project     = project.orders
  environment = "prod"
  value       = secret_env("PAYMENT_KEY")
}

app_connection "supabase" "owner" {
  method     = "access-token"
  access_key = secret_env("SUPABASE_ACCESS_TOKEN")
}

secret_sync "supabase" "functions" {
  project     = project.orders
  environment = "prod"
  connection  = app_connection.owner

  disable_secret_deletion = true

  destination {
    project_id   = "abcdefghijklmnopqrst"
    project_name = "orders"
  }
}
