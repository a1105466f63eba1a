# An app of one's own: `Locker`, a service that no release of keyform has heard of. Its manifest is
# providers/locker.hcl, and locker.py plays it on this machine:
#
#   export LOCKER_TOKEN=canary-locker-token
#   python3 locker.py                            prints where it listens: export LOCKER_URL=…
#   keyform providers check                      what is odd about the manifest
#   keyform -C providers/locker providers test secret_sync.trial    the laws, against the service itself
#   keyform apply
project "bakery" {
  environment "prod" {}
}

secret "SESSION_KEY" {
  project     = project.bakery
  environment = "prod"
  value       = secret_random({ length = 32 })
}

app_connection "locker" "house" {
  method = "token"
  url    = env("LOCKER_URL")
  token  = secret_env("LOCKER_TOKEN")
}

secret_sync "locker" "shop" {
  project     = project.bakery
  environment = "prod"
  connection  = app_connection.house
  key_schema  = "SHOP_{{secretKey}}"

  destination {
    team = "shop"
  }
}
