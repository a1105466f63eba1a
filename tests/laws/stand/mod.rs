//! A destination set up for one law: empty, alone, and with a ground that tells what is really there.
//!
//! The facts are the vendor's, from its documentation; the manifests are not asked.

pub mod aws;
mod azure;
mod checkly;
mod cloudflare;
mod delivery;
mod digital_ocean;
mod clouds;
mod files;
mod flyio;
mod heroku;
mod humanitec;
mod laravel_forge;
mod netlify;
mod northflank;
mod railway;
mod rest;
mod supabase;
mod terraform_cloud;
mod vault;
mod workspaces;

pub use crate::laws::stand::aws::assumed_parameter_store;
pub use crate::laws::stand::aws::parameter_store;
pub use crate::laws::stand::aws::secrets_manager_many;
pub use crate::laws::stand::aws::secrets_manager_one;
pub use crate::laws::stand::azure::azure_app_configuration_label;
pub use crate::laws::stand::azure::azure_app_configuration_no_label;
pub use crate::laws::stand::azure::azure_devops_principal;
pub use crate::laws::stand::azure::azure_devops_token;
pub use crate::laws::stand::azure::azure_key_vault_many;
pub use crate::laws::stand::azure::azure_key_vault_one;
pub use crate::laws::stand::checkly::checkly;
pub use crate::laws::stand::cloudflare::cloudflare_pages;
pub use crate::laws::stand::cloudflare::cloudflare_secrets_store;
pub use crate::laws::stand::cloudflare::cloudflare_workers;
pub use crate::laws::stand::clouds::gcp_global;
pub use crate::laws::stand::clouds::gcp_region;
pub use crate::laws::stand::clouds::oci_vault;
pub use crate::laws::stand::delivery::circleci_github;
pub use crate::laws::stand::delivery::circleci_standalone;
pub use crate::laws::stand::delivery::octopus_deploy_everywhere;
pub use crate::laws::stand::delivery::octopus_deploy_scoped;
pub use crate::laws::stand::delivery::ona;
pub use crate::laws::stand::delivery::qovery_secrets;
pub use crate::laws::stand::delivery::qovery_variables;
pub use crate::laws::stand::delivery::travis_ci_branch;
pub use crate::laws::stand::delivery::travis_ci_repository;
pub use crate::laws::stand::delivery::trigger_dev;
pub use crate::laws::stand::digital_ocean::digital_ocean;
pub use crate::laws::stand::files::local_file_dotenv;
pub use crate::laws::stand::files::local_file_json;
pub use crate::laws::stand::files::local_file_yaml;
pub use crate::laws::stand::flyio::flyio;
pub use crate::laws::stand::heroku::heroku;
pub use crate::laws::stand::humanitec::humanitec_application;
pub use crate::laws::stand::humanitec::humanitec_environment;
pub use crate::laws::stand::laravel_forge::laravel_forge;
pub use crate::laws::stand::netlify::netlify_site;
pub use crate::laws::stand::netlify::netlify_team;
pub use crate::laws::stand::northflank::northflank;
pub use crate::laws::stand::railway::railway_service;
pub use crate::laws::stand::railway::railway_shared;
pub use crate::laws::stand::rest::github_environment;
pub use crate::laws::stand::rest::github_organization;
pub use crate::laws::stand::rest::github_repository;
pub use crate::laws::stand::rest::gitlab_group;
pub use crate::laws::stand::rest::gitlab_project;
pub use crate::laws::stand::rest::render_group;
pub use crate::laws::stand::rest::render_service;
pub use crate::laws::stand::rest::vercel_custom;
pub use crate::laws::stand::rest::vercel_project;
pub use crate::laws::stand::rest::vercel_sensitive;
pub use crate::laws::stand::rest::vercel_team;
pub use crate::laws::stand::supabase::supabase;
pub use crate::laws::stand::terraform_cloud::terraform_cloud_set;
pub use crate::laws::stand::terraform_cloud::terraform_cloud_workspace;
pub use crate::laws::stand::vault::vault_approle;
pub use crate::laws::stand::vault::vault_v1;
pub use crate::laws::stand::vault::vault_v2;
pub use crate::laws::stand::workspaces::bitbucket_environment;
pub use crate::laws::stand::workspaces::bitbucket_repository;
pub use crate::laws::stand::workspaces::camunda;
pub use crate::laws::stand::workspaces::chef;
pub use crate::laws::stand::workspaces::databricks;
pub use crate::laws::stand::workspaces::onepassword;
pub use crate::laws::stand::workspaces::teamcity_build;
pub use crate::laws::stand::workspaces::teamcity_project;
pub use crate::laws::stand::workspaces::windmill;
pub use crate::laws::stand::workspaces::windmill_old;
pub use crate::laws::stand::workspaces::zabbix_global;
pub use crate::laws::stand::workspaces::zabbix_host;

use crate::laws::REGISTRY;
pub use crate::laws::stand::rest::Rest;
use crate::providers::azure_devops;
use crate::providers::fake::Fake;
use crate::providers::front::Answer;
use crate::providers::front::Check;
use crate::providers::front::Front;
use keyform::model::attrs::Attrs;
use keyform::model::attrs::Value;
use keyform::model::key_schema::KeySchema;
use keyform::model::schema::Field;
use keyform::provider::Spec;
use keyform::secret::Secret;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

/// A destination set up for one law.
pub struct Stand {
    pub spec: Spec,
    /// Hosts of the vendor that are reached at the front.
    pub redirect: BTreeMap<String, SocketAddr>,
    /// What every request passes; `None` if none is sent.
    pub front: Option<Arc<Front>>,
    pub ground: Ground,
    pub facts: Facts,
    /// Texts that must never be seen, besides the values.
    pub credentials: Vec<String>,
}

/// What the vendor says about itself.
#[derive(Clone)]
pub struct Facts {
    /// Whether values come back.
    pub readable: bool,
    /// Whether it shows, where they do not, that a value changed: a version, a time or a digest.
    pub versions: bool,
    /// Whether it says that deleting what is gone already is answered with success or 404.
    pub deletes_the_gone: bool,
    /// Whether the empty value is taken.
    pub empty: bool,
    /// The longest value that is tried.
    pub max_bytes: usize,
    /// Whether the vendor states that as its limit.
    pub limits_values: bool,
    /// Values that it takes, as far as their content goes.
    pub takes: fn(&str) -> bool,
    /// How many entries it holds, if it says.
    pub capacity: Option<usize>,
    /// Most requests to read so many entries.
    pub reads: fn(usize) -> u64,
    /// Most requests to create, update and delete one key each.
    pub writes: u64,
    pub throttled: Answer,
    pub unauthorized: Answer,
    pub good_keys: &'static [&'static str],
    pub bad_keys: &'static [&'static str],
    /// Whether who stands behind the front refuses bad keys, as the vendor does.
    pub vendor_checks_keys: bool,
    /// Whether it refuses bad credentials.
    pub vendor_checks_credentials: bool,
}

impl Facts {
    /// Of a vendor that gives values back and takes any of them, in one page and one request a write.
    fn usual(throttled: Answer, unauthorized: Answer) -> Self {
        Self {
            readable: true,
            versions: true,
            deletes_the_gone: true,
            empty: true,
            max_bytes: 50_000,
            limits_values: false,
            takes: |_| true,
            capacity: None,
            reads: |_| 1,
            writes: 3,
            throttled,
            unauthorized,
            good_keys: &["A", "a1_", "_A"],
            bad_keys: &[],
            vendor_checks_keys: true,
            vendor_checks_credentials: true,
        }
    }
}

/// What is really there, asked past keyform.
pub enum Ground {
    Files(files::Files),
    Vault(vault::Vault),
    Aws(aws::Aws),
    Rest(rest::Rest),
    /// A fake, and the destination's place in it.
    Fake(Arc<Mutex<dyn Fake>>, String),
}

/// Everything there is, by a name for each record: `own KEY` for those of the destination itself.
pub type Everything = BTreeMap<String, String>;

impl Ground {
    /// The destination's keys and values.
    pub async fn holds(&self) -> BTreeMap<String, String> {
        match self {
            Self::Files(files) => files.holds(),
            Self::Vault(vault) => vault.holds().await,
            Self::Aws(aws) => aws.holds().await,
            Self::Rest(rest) => rest.holds(),
            Self::Fake(fake, place) => {
                let records = fake.lock().unwrap().records().into_iter();
                records.filter(|record| record.place == *place).map(|record| (record.key, record.value)).collect()
            }
        }
    }

    /// Every record, other people's included, with all its attributes.
    pub async fn everything(&self) -> Everything {
        match self {
            Self::Files(files) => files.everything(),
            Self::Vault(vault) => vault.everything().await,
            Self::Aws(aws) => aws.everything().await,
            Self::Rest(rest) => rest.everything(),
            Self::Fake(fake, place) => {
                let records = fake.lock().unwrap().records().into_iter();
                let whose = |at: String| if at == *place { "own".to_owned() } else { at };
                records
                    .map(|it| (format!("{} {}", whose(it.place), it.key), format!("{} {}", it.value, it.more)))
                    .collect()
            }
        }
    }

    /// Everything but the destination's own records of these keys.
    pub async fn rest(&self, keys: &[&str]) -> Everything {
        let mut all = self.everything().await;
        all.retain(|name, _| !keys.iter().any(|key| name.strip_prefix("own ") == Some(key)));
        all
    }

    /// Puts entries there past keyform.
    pub async fn plant(&self, entries: &BTreeMap<String, String>) {
        match self {
            Self::Files(files) => files.plant(entries),
            Self::Vault(vault) => vault.plant(entries).await,
            Self::Aws(aws) => aws.plant(entries).await,
            Self::Rest(rest) => rest.plant(entries),
            Self::Fake(fake, place) => {
                let mut fake = fake.lock().unwrap();
                entries.iter().for_each(|(key, value)| fake.plant(place, key, value));
            }
        }
    }

    /// Puts records of others there: at the destination under keys of their own, and beside it under
    /// `keys` too.
    pub async fn plant_neighbours(&self, keys: &[&str]) {
        match self {
            Self::Files(files) => files.plant_neighbours(),
            Self::Vault(vault) => vault.plant_neighbours(keys).await,
            Self::Aws(aws) => aws.plant_neighbours(keys).await,
            Self::Rest(rest) => rest.plant_neighbours(keys),
            Self::Fake(fake, place) => fake.lock().unwrap().plant_neighbours(place, keys),
        }
    }

    /// Takes everything away that is the destination's.
    pub async fn clear(&self) {
        match self {
            Self::Files(files) => files.clear(),
            Self::Vault(vault) => vault.clear().await,
            Self::Aws(aws) => aws.clear().await,
            Self::Rest(rest) => rest.clear(),
            Self::Fake(fake, place) => fake.lock().unwrap().clear(place),
        }
    }
}

/// A front before a fake, and the fake as the ground of the destination at `place`.
async fn played<F: Fake + 'static>(fake: F, place: &str, checks: Vec<Check>) -> (Arc<Front>, Ground) {
    let fake = Arc::new(Mutex::new(fake));
    let behind = Arc::clone(&fake);
    let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), checks).await;
    (front, Ground::Fake(fake, place.into()))
}

/// A number that no other stand of this run has.
fn unique() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn attrs<const N: usize>(fields: [(&str, Value); N]) -> Attrs {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

fn secret(text: &str) -> Value {
    Value::Secret(Secret::new(text.to_owned()))
}

/// What a sync says once the configuration is loaded: the defaults of everything that is not written are
/// filled in.
fn spec(slug: &str, method: &str, connection: Attrs, destination: Attrs) -> Spec {
    let schemas = REGISTRY.schemas();
    let schema = schemas.destinations.get(slug).unwrap_or_else(|| panic!("there is no destination `{slug}`"));
    let app = &schemas.apps[&schema.app];
    let method_schema = app.methods.get(method).unwrap_or_else(|| panic!("`{slug}` has no method `{method}`"));
    let variant = schema.selector.as_ref().and_then(|selector| destination.get(selector)?.as_str()).unwrap_or("");
    let variant = schema.variants.get(variant).unwrap_or_else(|| panic!("`{slug}` has no variant `{variant}`"));
    let known =
        |name: &Arc<str>| Some(name) == schema.selector.as_ref() || variant.fields.iter().any(|f| f.name == *name);
    let odd: Vec<_> = destination.keys().filter(|name| !known(name)).collect();
    assert!(odd.is_empty(), "`{slug}` has no {odd:?}");
    Spec {
        slug: slug.into(),
        method: method.into(),
        connection: filled(connection, &method_schema.fields),
        destination: filled(destination, &variant.fields),
        options: filled(Attrs::new(), &schema.options),
        key_schema: KeySchema::none(),
        environment: azure_devops::GROUP.into(),
    }
}

fn filled(mut attrs: Attrs, fields: &[Field]) -> Attrs {
    for field in fields {
        match &field.default {
            Some(default) if !attrs.contains_key(&field.name) => {
                attrs.insert(field.name.clone(), default.clone());
            }
            None if field.required => assert!(attrs.contains_key(&field.name), "`{}` is not given", field.name),
            _ => {}
        }
    }
    attrs
}
