project "alpha" {
  depends_on = [project.bravo]
}

project "bravo" {
  depends_on = [project.delta]
}

project "delta" {
  depends_on = [project.alpha]
}
