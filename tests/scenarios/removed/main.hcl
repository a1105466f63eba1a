app_connection "local" "files" {
  method = "directory"
  path   = abspath("out")
}
