# Where the backend is; login from the environment. `keyform adopt` writes everything else.
backend "infisical" {
  url = env("INFISICAL_HOST")
}
