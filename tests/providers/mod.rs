//! Vendors as the tests see them: stateful fakes written from the vendors' documentation, never from
//! the manifests, and the front that stands before every fake and every real service.
//!
//! A fake is a function from a [`front::Call`] to an [`front::Answer`] over its own state; what it holds
//! can be looked at and planted from outside. Where a vendor publishes a machine-readable description,
//! every exchange is checked against it ([`openapi`], [`aws`]).

pub mod aws;
pub mod azure_app_configuration;
pub mod azure_devops;
pub mod azure_key_vault;
pub mod bitbucket;
pub mod camunda;
pub mod chef;
pub mod databricks;
pub mod entra;
pub mod checkly;
pub mod circleci;
pub mod cloudflare;
pub mod digital_ocean;
pub mod fake;
pub mod flyio;
pub mod front;
pub mod gcp;
pub mod github;
pub mod gitlab;
pub mod heroku;
pub mod humanitec;
pub mod laravel_forge;
pub mod netlify;
pub mod oci;
pub mod octopus_deploy;
pub mod ona;
pub mod onepassword;
pub mod northflank;
pub mod openapi;
pub mod qovery;
pub mod railway;
pub mod render;
mod sdk;
pub mod secrets_store;
pub mod supabase;
pub mod teamcity;
pub mod terraform_cloud;
pub mod travis_ci;
pub mod trigger_dev;
pub mod vercel;
pub mod windmill;
pub mod zabbix;
