# Files of this machine: for development, and for agents that read files.
provider "local" {
  title    = "Local files"
  docs     = "docs/providers.md"
  verified = "2026-11-21"

  connection "directory" {
    path = path # the directory: abspath("out")
  }

  destination "local-file" {
    title    = "Local file"
    import   = true
    selector = "format"

    file = string # the file's name, relative to the connection's directory

    variant "dotenv" {
      key { matches = "[A-Za-z_][A-Za-z0-9_]*" }
    }
    variant "json" {}
    variant "yaml" {}
  }
}
