project "a" {
  depends_on = [project.b]
}

project "b" {
  depends_on = [project.c]
}

project "c" {
  depends_on = [project.a]
}
