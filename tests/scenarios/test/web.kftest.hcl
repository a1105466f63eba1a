variables { most = 3 }

stand_ins {
  env   = { DB_URL = "canary-test-db-0002", BACKEND = "https://kms.example.com" }
  files = { "token.txt" = "canary-test-token-0003" }
}

given { # a project that somebody made by hand, and keys that nobody knows
  project "theirs" {
    slug = "bakery"
    name = "bakery"
    environment "dev" {}
  }

  secret "API_KEY" {
    project     = project.theirs
    environment = "dev"
    value       = "canary-theirs-0004"
  }

  entries = {
    "secret_sync.web" = { OLD_A = "canary-old-0005", OLD_B = "canary-old-0006" }
  }
}

run "what exists is not taken over silently" {
  command = "apply"

  expect {
    refused = ["KF0401", "KF1006"]
    rows    = { "project.bakery" = "none" }
    create  = 8
  }
}

run "the backend would wipe what it does not know" {
  command = "apply"
  adopt   = true

  expect {
    refused = ["KF1006"]
    hazards = { wipe = 2, first-contact = 2, takeover = 1 }
    rows    = { "secret.API_KEY" = "update takeover", "secret_sync.web.entry.OLD_A" = "delete wipe" }
  }
}

run "with the right numbers it goes" {
  command = "apply"
  adopt   = true
  allow   = { wipe = 2, first-contact = 2, takeover = 1 }

  expect {
    exit = 0
    entries = {
      "secret_sync.web" = {
        DB_URL  = "bakery/dev/DB_URL"
        API_KEY = "bakery/dev/API_KEY"
        OLD_A   = null
      }
    }
  }

  assert {
    condition = entries["secret_sync.web"].TOKEN == "canary-test-token-0003"
    message   = "The value of the file did not arrive."
  }
}

run "then there is nothing to do" {
  expect {
    nothing_else = true
    hazards      = {}
  }
}

given {
  entries = { "secret_sync.web" = { DB_URL = "canary-drift-0007", TOKEN = null } }
  gone    = ["secret.API_KEY"]
}

run "drift has its reasons" {
  expect {
    update = 1
    create = 3
    rows = {
      "secret_sync.web.entry.DB_URL" = "update drifted"
      "secret_sync.web.entry.TOKEN"  = "create missing"
      "secret.API_KEY"               = "create missing"
    }
  }
}

run "a rule refuses" {
  variables { environment = "prod" }

  expect {
    refused = ["KF0411"]
    hazards = { rule = 1, replace = 2 }
  }
}

run "so does the validation of a variable" {
  variables { most = 12 }
  expect { refused = ["KF0218"] }
}

run "a variable that the pipeline lost is told" {
  stand_ins {
    env = { DB_URL = null }
  }

  expect { diagnostics = ["KF0907"] }
}

run "another configuration" {
  command       = "apply"
  configuration = "without"

  expect {
    delete = 2
    entries = {
      "secret_sync.web" = { DB_URL = null }
    }
  }
}

run "the end" {
  command = "destroy"

  assert {
    condition = report.complete && plan.summary.delete > 5
    message   = "Something stayed."
  }
}
