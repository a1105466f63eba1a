# Zabbix 6.4 or later: before that the token does not go into a header. JSON-RPC tells failures in an answer whose
# status is 200.
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
}
