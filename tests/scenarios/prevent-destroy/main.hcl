project "shop" {
  lifecycle {
    prevent_destroy = true
  }
}
