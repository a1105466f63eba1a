project "bakery" {
  environment "dev" {}
}

tag "old" {
  project = project.bakery
}

# Still declared.
moved {
  from = tag.old
  to   = tag.new
}

# Not declared.
moved {
  from = project.shop
  to   = project.bakerie
}

# Of another kind.
moved {
  from = project.shops
  to   = tag.old
}

# Round in a circle.
moved {
  from = tag.a
  to   = tag.b
}

moved {
  from = tag.b
  to   = tag.a
}

# Two to one, and one to two.
moved {
  from = project.kitchen
  to   = project.bakery
}

moved {
  from = project.oven
  to   = project.bakery
}

moved {
  from = project.kitchen
  to   = project.bakery
}

# No addresses.
moved {
  from = "project.bakery"
  to   = projekt.bakery
}

moved {
  from = project
}

removed {
  from = project.bakery.environment.dev
}
