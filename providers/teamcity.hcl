# TeamCity.
provider "teamcity" {
  title    = "TeamCity"
  docs     = "https://www.jetbrains.com/help/teamcity/rest/teamcity-rest-api-documentation.html"
  verified = "2026-11-21"

  connection "access-token" {
    access_token = sensitive
    instance_url = string # https://teamcity.example.com
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/app/rest"
  headers  = { Authorization = "Bearer ${connection.access_token}", Accept = "application/json" }

  verify { request = "GET /server" }
  errors { message = try(response.errors[0].message, null) }
}
