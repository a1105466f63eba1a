variable "name" {
  type = string
}

variable "environments" {
  type = list(string)
}

project "bakery" {
  name = var.name

  environment "dev" {}
}

output "count" {
  value = length(var.environments)
}
