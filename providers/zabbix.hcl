# Zabbix 6.4 or later (before that the token does not go into a header): user macros of a host, or global ones.
#
# A key is the macro `{$KEY}`, in upper case. Macros of type 0, text, can be read by whoever sees the host; those of type
# 1, secret text, never come back, and nothing tells when one was changed. Macros with a context are left alone. Only a
# super admin may write global ones. Requests and answers are as a real Zabbix 6.0 gave and took them.
provider "zabbix" {
  title    = "Zabbix"
  docs     = "https://www.zabbix.com/documentation/current/en/manual/api"
  verified = "2026-11-21"

  connection "api-token" {
    api_token    = sensitive
    instance_url = string # https://zabbix.example.com
  }

  base_url = trimsuffix(connection.instance_url, "/")
  headers  = { Authorization = "Bearer ${connection.api_token}" }

  # Any kind of user may ask this, not only a super admin.
  verify {
    request = "POST /api_jsonrpc.php"
    json    = { jsonrpc = "2.0", method = "host.get", params = { output = ["hostid"], limit = 1 }, id = 1 }
  }
  errors {
    when    = get(response, "error", null) != null
    message = try(response.error.data, null)
    refused = try(contains(["Not authorized.", "API token expired.", "Session terminated, re-login, please."], response.error.data), false)
  }

  # A call writes all of its macros or none; failures come in an answer whose status is 200.
  destination "zabbix" {
    import   = true
    selector = "scope"
    readable = destination.macro_type == 0

    macro_type = number # 0: text, 1: secret text

    key {
      matches    = "[A-Z0-9_.]+"
      case       = "upper"
      max_length = 251
    }
    value { max_length = 2048 }

    # A host that is not there is an error, not one without macros.
    variant "host" {
      privileges {
        needed   = ["user type Admin"]
        source   = "https://www.zabbix.com/documentation/current/en/manual/api/reference/usermacro/create"
        verified = "2026-11-22"
      }
      host_id   = string
      host_name = string

      list {
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "host.get", params = { hostids = destination.host_id, output = ["hostid"], selectMacros = "extend" }, id = 1 }
        items = [for it in response.result[0].macros : { key = regex("[A-Z0-9_.]+", it.macro), id = it.hostmacroid, value = it.type == "1" ? null : it.value }
        if can(regex("^\\{\\$[A-Z0-9_.]+\\}$", it.macro))]
      }
      create {
        max     = 100
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "usermacro.create", params = [for it in entries : { hostid = destination.host_id, macro = format("{$%s}", it.key), value = it.value, type = destination.macro_type }], id = 1 }
      }
      update {
        max     = 100
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "usermacro.update", params = [for it in entries : { hostmacroid = it.id, value = it.value, type = destination.macro_type }], id = 1 }
      }
      delete {
        max     = 100
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "usermacro.delete", params = [for it in entries : it.id], id = 1 }
      }
    }

    # Only a super admin may write these.
    variant "global" {
      privileges {
        needed   = ["user type Super admin"]
        source   = "https://www.zabbix.com/documentation/current/en/manual/api/reference/usermacro/createglobal"
        verified = "2026-11-22"
      }
      list {
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "usermacro.get", params = { globalmacro = true, output = "extend" }, id = 1 }
        items = [for it in response.result : { key = regex("[A-Z0-9_.]+", it.macro), id = it.globalmacroid, value = it.type == "1" ? null : it.value }
        if can(regex("^\\{\\$[A-Z0-9_.]+\\}$", it.macro))]
      }
      create {
        max     = 100
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "usermacro.createglobal", params = [for it in entries : { macro = format("{$%s}", it.key), value = it.value, type = destination.macro_type }], id = 1 }
      }
      update {
        max     = 100
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "usermacro.updateglobal", params = [for it in entries : { globalmacroid = it.id, value = it.value, type = destination.macro_type }], id = 1 }
      }
      delete {
        max     = 100
        request = "POST /api_jsonrpc.php"
        json    = { jsonrpc = "2.0", method = "usermacro.deleteglobal", params = [for it in entries : it.id], id = 1 }
      }
    }
  }
}
