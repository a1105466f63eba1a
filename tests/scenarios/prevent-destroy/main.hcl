project "bakery" {
  lifecycle {
    prevent_destroy = true
  }
}
