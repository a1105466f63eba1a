# Fly.io. Its GraphQL interface tells failures in an answer whose status is 200.
provider "flyio" {
  title    = "Fly.io"
  docs     = "https://fly.io/docs/machines/api/"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive # FlyV1 …; of a user or an organization, not of one app
  }

  base_url = "https://api.fly.io"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify {
    request = "POST /graphql"
    json    = { query = "query { viewer { id email } }" }
  }
  errors {
    when    = length(try(response.errors, [])) > 0
    message = try(response.errors[0].message, null)
  }
}
