# Railway: variables of a service, or those that an environment shares.
#
# References to other variables, `${{…}}`, are compared as they are written. Sealed variables are named, and their values
# never come back. All that is new or changed is one change, each key that goes away another, and every change deploys
# the services that it concerns. Each kind of token has a header and a check of its own; failures hide in an answer
# whose status is 200.
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
    refused = try(length(regexall("Not Authorized|Project Token not found", response.errors[0].message)) > 0, false)
  }

  destination "railway" {
    privileges {
      needed   = ["project token of the environment"]
      source   = "https://docs.railway.com/integrations/api"
      verified = "2026-11-22"
    }
    import = true

    project_id       = uuid
    project_name     = string
    environment_id   = uuid # that of the token, if it is a project's
    environment_name = string
    service_id       = optional(string) # none: the variables that the environment shares
    service_name     = optional(string)

    key { reserved = ["RAILWAY_*"] }
    limits { concurrency = 1 }

    list {
      request = "POST /graphql/v2"
      json = {
        query = <<-EOT
          query($projectId: String!, $environmentId: String!, $serviceId: String) {
            variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: true)
            environment(id: $environmentId, projectId: $projectId) {
              variables(first: 10000) { edges { node { name serviceId isSealed updatedAt } } }
            }
          }
        EOT
        variables = { projectId = destination.project_id, environmentId = destination.environment_id, serviceId = destination.service_id }
      }
      items = concat(
        [for name, value in response.data.variables : { key = name, value = value } if !startswith(name, "RAILWAY_")],
        [
          for edge in response.data.environment.variables.edges : { key = edge.node.name, version = edge.node.updatedAt }
          if edge.node.isSealed && edge.node.serviceId == destination.service_id
        ],
      )
    }
    upsert {
      max     = 100
      request = "POST /graphql/v2"
      json = {
        query = "mutation($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }"
        variables = { input = compact({
          projectId     = destination.project_id
          environmentId = destination.environment_id
          serviceId     = destination.service_id
          variables     = { for it in entries : it.key => it.value }
        }) }
      }
    }
    delete {
      request = "POST /graphql/v2"
      json = {
        query = "mutation($input: VariableDeleteInput!) { variableDelete(input: $input) }"
        variables = { input = compact({
          projectId     = destination.project_id
          environmentId = destination.environment_id
          serviceId     = destination.service_id
          name          = key
        }) }
      }
    }
  }
}
