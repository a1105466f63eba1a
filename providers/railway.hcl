# Railway. Each kind of token has a header and a check of its own; failures hide in an answer whose status is 200.
provider "railway" {
  title    = "Railway"
  docs     = "https://docs.railway.com/reference/public-api"
  verified = "2026-11-21"

  connection "account-token" {
    api_token = sensitive

    headers = { Authorization = "Bearer ${connection.api_token}" }
    verify {
      request = "POST /graphql/v2"
      json    = { query = "query { me { id } }" }
    }
  }
  connection "project-token" {
    api_token = sensitive # of one environment of a project

    headers = { Project-Access-Token = connection.api_token }
    verify {
      request = "POST /graphql/v2"
      json    = { query = "query { projectToken { projectId environmentId } }" }
    }
  }
  # Railway calls it a workspace token by now.
  connection "team-token" {
    api_token = sensitive

    headers = { Authorization = "Bearer ${connection.api_token}" }
    verify {
      request = "POST /graphql/v2"
      json    = { query = "query { projects { edges { node { id } } } }" }
    }
  }

  base_url = "https://backboard.railway.com"
  errors {
    when    = length(try(response.errors, [])) > 0
    message = try(response.errors[0].message, null)
    refused = try(response.errors[0].message == "Not Authorized", false)
  }
}
