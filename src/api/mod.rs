//! Wire types of the Infisical API, shared by client and server.
