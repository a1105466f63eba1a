locals {
  a = [for k, v in { x = 1, "y" = 2.5e3 } : "${k}-${v}" if v > 1]
  b = <<-EOT
    text ${upper("é")} %{ if true }yes%{ else }no%{ endif }
  EOT
  c = var.x == null ? { for s in toset(["a"]) : s => !true } : -1 % 2
  d = local.a[*].b[0] # note
}
/* block */ variable "x" { type = optional(list(object({ n = number })), []) }
rule "r" { condition = try(local.a, false) && can(1 / 0) }
