stand_ins {
  env = { DATABASE_URL = "one" } # what is not named has a value of its own
}

given { # what others did: DEPLOY_KEY is theirs
  entries = { "secret_sync.web" = { DEPLOY_KEY = "theirs" } }
}

run "the first apply pushes both secrets and deletes nothing" {
  command = "apply"

  expect {
    rows    = { "secret_sync.web.entry.SHOP_SESSION_KEY" = "create new" }
    delete  = 0
    hazards = {}
    entries = {
      "secret_sync.web" = { SHOP_DATABASE_URL = "bakery/prod/DATABASE_URL" }
    }
  }
}

given { # somebody writes at the destination
  entries = { "secret_sync.web" = { SHOP_DATABASE_URL = "by hand" } }
}

run "drift is seen, and nothing else" {
  expect {
    rows = {
      "secret_sync.web.entry.SHOP_DATABASE_URL" = "update drifted"
    }
    nothing_else = true
  }
}

run "the end leaves every key where it is" {
  command = "destroy"

  assert {
    condition = length(entries["secret_sync.web"]) == 3
    message   = "Keys are only taken away with on_delete = \"remove\"."
  }
}
