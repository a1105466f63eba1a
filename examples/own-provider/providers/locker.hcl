# Locker: where the teams of a house keep their settings, a service of our own.
provider "locker" {
  title    = "Locker"
  docs     = "https://wiki.example/locker" # where the facts below are from
  verified = "2026-11-21"                  # and when they were last compared with that

  # A way to connect. Each attribute is an input; what is `sensitive` is never shown.
  connection "token" {
    url   = string    # where it is: https://locker.example
    token = sensitive # of a person or a machine
  }

  base_url = connection.url
  headers  = { Authorization = "Bearer ${connection.token}" }

  # Tells good credentials from bad ones: something that all of them may read.
  verify { request = "GET /whoami" }
  # Where the service's own words are when it refuses something.
  errors { message = get(response, "message", null) }

  # A kind of place for keys. Its attributes are what a sync says in its `destination` block.
  destination "locker" {
    team = string # its short name

    key {
      matches    = "[A-Z][A-Z0-9_]*"
      max_length = 64
    }
    value { max_bytes = 4096 }
    limits { concurrency = 4 }

    root = "/teams/${destination.team}"

    # All keys, page by page: `next` is null on the last one.
    list {
      request = "GET /entries"
      query   = { limit = 50, after = cursor }
      items   = [for it in response.entries : { key = it.name, value = it.value, version = it.version }]
      next    = response.more ? last(response.entries).name : null
    }
    upsert {
      request = "PUT /entries/${key}"
      json    = { value = value }
      version = response.version
    }
    delete { request = "DELETE /entries/${key}" }
  }
}
