project "bakery" {
  nme = "Bakery"

  enviroment "dev" {}
}

app_connection "local" "files" {
  method    = "directory"
  path      = abspath("out")
  directory = "out"
}

app_connection "locl" "other" {
  method = "directory"
}

widget "x" {}
