project "bakery" {
  environment "dev" {}
}

key_schema "app" {
  prefix = "APP_"
}

import {
  to = project.bakerie
  id = "bakery"
}

import {
  to = key_schema.app
  id = "app"
}

import {
  to = project.bakery
  id = ["bakery"]
}

import {
  to = project.bakery.environment.dev
  id = "bakery/dev"
}

import {
  to = project.bakery.environment.dev
  id = "bakery/development"
}
