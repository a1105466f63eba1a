# Where `keyform providers test` tries the manifest ../locker.hcl: a configuration of its own, never applied. The trial
# writes keys that nobody else has, looks at them and takes them away.
#
#   keyform -C providers/locker providers test secret_sync.trial
project "trial" {
  environment "dev" {}
}

app_connection "locker" "trial" {
  method = "token"
  url    = env("LOCKER_URL")
  token  = secret_env("LOCKER_TOKEN")
}

secret_sync "locker" "trial" {
  project     = project.trial
  environment = "dev"
  connection  = app_connection.trial
  key_schema  = "KEYFORM_TEST_{{secretKey}}"

  destination {
    team = "playground"
  }
}
