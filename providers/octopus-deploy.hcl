# Octopus Deploy: variables of a project in one scope.
#
# They are written as sensitive: their values never come back, and nothing tells when one was changed, so what keyform
# wrote is known by its fingerprint. A project's variables are one document, which goes back with everything that is not the
# sync's: variables of other scopes and of other types, and sensitive values that nobody can read. Releases that are there
# keep the values that they were made with. Requests follow the vendor's own client (`go-octopusdeploy`), which was read and
# not run.
provider "octopus-deploy" {
  title    = "Octopus Deploy"
  docs     = "https://octopus.com/docs/octopus-rest-api/examples/variables"
  verified = "2026-11-22"

  connection "api-key" {
    instance_url = string # https://
    api_key      = sensitive
  }

  base_url = "${trimsuffix(connection.instance_url, "/")}/api"
  headers  = { X-Octopus-ApiKey = connection.api_key, Accept = "application/json" }

  verify { request = "GET /users/me" }
  errors { message = try(response.ErrorMessage, null) }

  destination "octopus-deploy" {
    selector = "scope"
    readable = false

    space_id = string # Spaces-1

    key { case = "insensitive" }
    limits { concurrency = 4 }

    variant "project" {
      project_id   = string        # Projects-1
      scope_values = optional(map(list(string), "environments", "roles", "machines", "processes", "actions", "channels")) # ids; none: everywhere

      root = "/${destination.space_id}/variables/variableset-${destination.project_id}"

      # Octopus has a list for each kind of scope that there is, in no certain order.
      list {
        request = "GET"
        items = flatten([
          for scope in [{ for kind, word in { Environment = "environments", Role = "roles", Machine = "machines", ProcessOwner = "processes", Action = "actions", Channel = "channels" } :
            kind => sort(destination.scope_values[word]) if try(length(destination.scope_values[word]), 0) > 0 }] : [
              for it in response.Variables : { key = it.Name, value = it.Type == "Sensitive" ? null : it.Value, raw = it }
              if contains(["Sensitive", "String"], it.Type) && { for kind, ids in it.Scope : kind => sort(ids) } == scope
            ]
        ])
        document = [
          for scope in [{ for kind, word in { Environment = "environments", Role = "roles", Machine = "machines", ProcessOwner = "processes", Action = "actions", Channel = "channels" } :
            kind => sort(destination.scope_values[word]) if try(length(destination.scope_values[word]), 0) > 0 }] : {
              set    = response
              scope  = scope
              own    = [for it in response.Variables : it if contains(["Sensitive", "String"], it.Type) && { for kind, ids in it.Scope : kind => sort(ids) } == scope]
              others = [for it in response.Variables : it if !contains(["Sensitive", "String"], it.Type) || { for kind, ids in it.Scope : kind => sort(ids) } != scope]
            }
        ][0]
      }
      # What stays goes back as it came; what changes keeps all but its value. A name that is there twice is not written.
      replace {
        request = "PUT"
        json = merge(document.set, { Variables = concat(document.others, [
          for it in entries : can(it.value.Name) ? it.value : merge(
            { Description = "", IsEditable = true, Prompt = null },
            try([for old in document.own : old if lower(old.Name) == lower(it.key)][0], {}),
            { Name = it.key, Value = it.value, Type = "Sensitive", IsSensitive = true, Scope = document.scope }
          )
        ]) })
      }
    }
  }
}
