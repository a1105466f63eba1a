//! The laws that every destination keeps, driven through the public contract only: a matrix of
//! destinations and laws, each pair a test of its own. One file a law; `stand` sets up a destination that
//! is empty and alone.

mod asking;
mod assumed;
mod bytes;
mod counts;
mod create;
mod delete;
mod empty;
mod evidence;
mod faults;
mod foreign;
mod leaks;
mod pages;
mod refused;
mod requests;
mod rules;
mod spanning;
pub mod stand;
mod stopped;
mod tags;
mod throttle;
mod trial;
mod twice;
mod update;
mod verify;

use crate::laws::stand::Stand;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::model::attrs::Value;
use keyform::provider::Destination;
use keyform::provider::Op;
use keyform::provider::Outcome;
use keyform::provider::Seen;
use keyform::provider::Write;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What is wanted at a destination: a value, or that the key is not there.
type Wanted = BTreeMap<String, Option<String>>;

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    Registry::builtin().unwrap_or_else(|problems| panic!("the built-in manifests are bad: {problems:#?}"))
});

/// Runs one law against one destination.
fn hold(stand: impl AsyncFn() -> Stand, law: impl AsyncFn(&Stand)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stand = stand().await;
        law(&stand).await;
        let problems = stand.front.as_ref().map(|front| front.problems()).unwrap_or_default();
        assert!(problems.is_empty(), "the requests do not fit the vendor's own description:\n{}", problems.join("\n"));
    });
}

/// A client that reaches the stand.
fn client(stand: &Stand) -> Client {
    let settle = Duration::from_secs(2);
    Client::new(Options { redirect: stand.redirect.clone(), settle, ..Options::default() }).unwrap()
}

pub fn open(stand: &Stand, client: &Client) -> Destination {
    REGISTRY.open(&stand.spec, client).unwrap_or_else(|d| panic!("it can't be opened: {d:#?}"))
}

/// The destination behind the stand, with a client of its own.
fn destination(stand: &Stand) -> Destination {
    open(stand, &client(stand))
}

/// A value that must never be seen.
pub fn canary(n: usize) -> String {
    format!("canary-{n:04}-value")
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// `KEY0001` and so on: a name that every vendor takes.
pub fn key(n: usize) -> String {
    format!("KEY{n:04}")
}

pub fn create(key: &str, value: &str) -> Write {
    Write { key: key.into(), op: Op::Create(secret(value)) }
}

pub fn update(key: &str, value: &str) -> Write {
    Write { key: key.into(), op: Op::Update(secret(value)) }
}

pub fn delete(key: &str) -> Write {
    Write { key: key.into(), op: Op::Delete }
}

/// All outcomes are good.
fn done(outcomes: Vec<Outcome>) {
    for outcome in outcomes {
        if let Err(diagnostic) = outcome.result {
            panic!("`{}` was not written: {diagnostic:#?}", outcome.key);
        }
    }
}

/// Puts entries there through the destination itself.
async fn fill(destination: &Destination, entries: &[(&str, &str)]) {
    let seen = destination.read().await.unwrap();
    let writes: Vec<Write> = entries.iter().map(|(key, value)| create(key, value)).collect();
    done(destination.write(&seen, &writes).await);
}

/// What was written and which version it has there, for destinations that do not give values back.
type Written = BTreeMap<String, (String, Option<String>)>;

/// Reads, compares, writes what differs: what a run does. Gives how many writes there were, and whether
/// all went well.
async fn converge(destination: &Destination, wanted: &Wanted, written: &mut Written) -> (usize, bool) {
    let Ok(seen) = destination.read().await else { return (0, false) };
    let mut writes = Vec::new();
    for (key, value) in wanted {
        let there = seen.entries.get(key.as_str());
        match (there, value) {
            (None, Some(value)) => writes.push(create(key, value)),
            (Some(_), None) => writes.push(delete(key)),
            (Some(there), Some(value)) => {
                let same = match &there.value {
                    Some(old) => old.expose() == value,
                    // Where nothing tells that a value changed, what was written last is all that is known.
                    None => written.get(key) == Some(&(value.clone(), mark(there))),
                };
                if !same {
                    writes.push(update(key, value));
                }
            }
            (None, None) => {}
        }
    }
    if writes.is_empty() {
        return (0, true);
    }
    let outcomes = destination.write(&seen, &writes).await;
    assert_eq!(outcomes.len(), writes.len(), "every write has an outcome");
    let all = outcomes.iter().all(|outcome| outcome.result.is_ok());
    if let (true, Ok(seen)) = (all, destination.read().await) {
        for (key, there) in seen.entries {
            if let Some(Some(value)) = wanted.get(&*key) {
                written.insert(key.to_string(), (value.clone(), mark(&there)));
            }
        }
    }
    (writes.len(), all)
}

/// What tells that a value changed: its version, or a digest of it.
fn mark(seen: &Seen) -> Option<String> {
    seen.version.as_deref().or(seen.digest.as_deref()).map(str::to_owned)
}

/// A string input.
fn text(value: &str) -> Value {
    Value::string(value)
}

macro_rules! laws {
    ($($destination:ident)*) => { $(
        mod $destination {
            use crate::laws;
            use crate::laws::hold;
            use crate::laws::stand::$destination as stand;

            #[test] fn empty_reads_empty() { hold(stand, laws::empty::law); }
            #[test] fn what_was_created_is_read() { hold(stand, laws::create::law); }
            #[test] fn applied_twice_is_applied_once() { hold(stand, laws::twice::law); }
            #[test] fn an_update_touches_one_key() { hold(stand, laws::update::law); }
            #[test] fn a_delete_touches_the_keys_it_names() { hold(stand, laws::delete::law); }
            #[test] fn foreign_keys_survive() { hold(stand, laws::foreign::law); }
            #[test] fn all_pages_are_read() { hold(stand, laws::pages::law); }
            #[test] fn bytes_survive() { hold(stand, laws::bytes::law); }
            #[test] fn being_told_to_wait_is_no_failure() { hold(stand, laws::throttle::law); }
            #[test] fn bad_credentials_are_not_tried_again() { hold(stand, laws::refused::law); }
            #[test] fn stopped_and_run_again_it_converges() { hold(stand, laws::stopped::law); }
            #[test] fn faults_on_the_way_lose_nothing() { hold(stand, laws::faults::law); }
            #[test] fn key_rules_reject_what_the_vendor_rejects() { hold(stand, laws::rules::law); }
            #[test] fn nothing_leaks() { hold(stand, laws::leaks::law); }
            #[test] fn credentials_are_verified() { hold(stand, laws::verify::law); }
            #[test] fn nothing_is_asked_twice() { hold(stand, laws::asking::law); }
            #[test] fn a_users_trial_holds_and_leaves_nothing() { hold(stand, laws::trial::law); }
            #[test] fn the_matrix_says_what_it_is_tried_against() { hold(stand, laws::evidence::law); }
        }
    )*

    #[test]
    fn every_request_is_counted() {
        let rows: &[fn() -> String] = &[$(|| counts::row(stand::$destination)),*];
        let next = AtomicUsize::new(0);
        let counted = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let row = row();
                        counted.lock().unwrap().push(row);
                    }
                });
            }
        });
        counts::page(counted.into_inner().unwrap().into_iter());
    } };
}

laws! {
    local_file_dotenv local_file_json local_file_yaml
    vault_v1 vault_v2 vault_approle
    secrets_manager_one secrets_manager_many parameter_store
    github_repository github_environment github_organization
    gitlab_project gitlab_group
    vercel_project vercel_custom vercel_sensitive vercel_team
    render_service render_group
    heroku
    netlify_site netlify_team
    supabase
    flyio
    terraform_cloud_workspace terraform_cloud_set
    azure_key_vault_one azure_key_vault_many azure_app_configuration_label azure_app_configuration_no_label
    databricks camunda bitbucket_repository bitbucket_environment onepassword windmill windmill_old
    teamcity_project teamcity_build zabbix_host zabbix_global
    humanitec_application humanitec_environment
    cloudflare_pages cloudflare_workers cloudflare_secrets_store
    circleci_github circleci_standalone travis_ci_repository travis_ci_branch trigger_dev
    octopus_deploy_everywhere octopus_deploy_scoped
    ona qovery_secrets qovery_variables
    digital_ocean
    northflank
    railway_service railway_shared
    laravel_forge
    checkly
    azure_devops_token azure_devops_principal gcp_global gcp_region oci_vault chef
}
