//! Reading a large backend beside its floor: 50 projects of 5 environments, 20 folders each with 40 secrets, 100
//! connections, 500 syncs, all in the embedded backend. Run with `cargo bench --bench refresh`; prints ratio and
//! requests. `KEYFORM_BENCH_PROJECTS` makes it smaller.
//!
//! The floor is a bare client that makes the same requests with the same concurrency and throws the answers away.
//! The least number of requests that the API allows is
//!
//! ```text
//! 1 login + 1 projects + 1 connections + projects × (1 syncs + environments × (1 folders + 1 secrets))
//!   + syncs × 1                        imports of the folder that is pushed: they can only be listed folder by folder
//! ```

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that can't go on panics, and prints")]

use futures_util::StreamExt;
use keyform::api;
use keyform::backend::auth::Login;
use keyform::backend::client::Client;
use keyform::backend::read;
use keyform::backend::read::EnvironmentMention;
use keyform::backend::read::Mention;
use keyform::backend::write;
use keyform::backend::write::Place;
use keyform::http;
use keyform::http::client::Policy;
use keyform::provider::registry::Registry;
use keyform::secret::Secret;
use keyform::server;
use keyform::server::Running;
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

const ENVIRONMENTS: usize = 5;
const FOLDERS: usize = 20;
const SECRETS: usize = 40;
const CONNECTIONS: usize = 100;
/// Of each project.
const SYNCS: usize = 10;
/// The requests that keyform has under way at once.
const CONCURRENCY: usize = 8;
const RUNS: usize = 5;

#[tokio::main]
async fn main() {
    let projects = std::env::var("KEYFORM_BENCH_PROJECTS").map_or(50, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let registry = Arc::new(Registry::builtin().unwrap_or_else(|why| panic!("{why:?}")));
    let server = server::Options::new(folder.path().join("server"));
    let server = server::start(server, registry, sender()).await.unwrap_or_else(|why| panic!("{why:?}"));
    let begun = Instant::now();
    let ids = fill(&connect(&server, sender()), projects, folder.path()).await;
    println!(
        "filled: {} secrets in {:.1} s",
        projects * ENVIRONMENTS * FOLDERS * SECRETS,
        begun.elapsed().as_secs_f64()
    );

    let least = 3 + projects * (1 + ENVIRONMENTS * 2 + SYNCS);
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let sender = sender();
        let begun = Instant::now();
        refresh(&connect(&server, sender.clone()), projects).await;
        ours.push(begun.elapsed());
        assert_eq!(sender.requests(), u64::try_from(least).unwrap(), "keyform makes the least number of requests");
        let begun = Instant::now();
        assert_eq!(bare(&server, &ids).await, least, "so does the floor");
        floor.push(begun.elapsed());
    }
    let (ours, floor) = (median(ours), median(floor));
    println!(
        "refresh: {:.2} s, bare client: {:.2} s, ratio {:.2}, requests: {least}",
        ours.as_secs_f64(),
        floor.as_secs_f64(),
        ours.as_secs_f64() / floor.as_secs_f64()
    );
    server.shutdown().await;
}

fn sender() -> http::client::Client {
    http::client::Client::new(http::client::Options::default()).unwrap_or_else(|why| panic!("{why:?}"))
}

fn connect(server: &Running, sender: http::client::Client) -> Client {
    let login = Login::universal(&server.client_id, server.client_secret.clone());
    let policy = Policy { concurrency: CONCURRENCY, ..Policy::default() };
    Client::connect(sender, &server.url, login, policy).unwrap_or_else(|why| panic!("{why:?}"))
}

/// The folder that a sync of a project pushes.
fn pushed(n: usize) -> (String, String) {
    (format!("e{}", n % ENVIRONMENTS), format!("/f{n}"))
}

/// Makes everything; gives the ids of the projects.
async fn fill(client: &Client, projects: usize, folder: &Path) -> Vec<String> {
    let path = api::Credential::Text(Secret::new(folder.join("out").to_string_lossy().into_owned()));
    let mut connection = String::new();
    for n in 0..CONNECTIONS {
        let new = api::connections::Create {
            name: format!("c{n}"),
            description: None,
            method: "directory".to_owned(),
            credentials: BTreeMap::from([("path".to_owned(), path.clone())]),
            project_id: None,
            gateway_id: None,
            is_platform_managed_credentials: None,
        };
        connection = write::connections::create(client, "bench", "local", &new).await.unwrap().id.to_string();
    }
    let made = (0..projects).map(|n| project(client, n, &connection));
    futures_util::stream::iter(made).buffered(4).collect().await
}

async fn project(client: &Client, n: usize, connection: &str) -> String {
    let new = api::projects::Create {
        project_name: format!("p{n:04}"),
        project_description: None,
        slug: Some(format!("p{n:04}")),
        kind: None,
        template: None,
        should_create_default_envs: false,
        has_delete_protection: false,
    };
    let id = write::create_project(client, "bench", new).await.unwrap().id.to_string();
    for e in 0..ENVIRONMENTS {
        let slug = format!("e{e}");
        let new = api::environments::Create { name: slug.clone(), slug: slug.clone(), position: None };
        write::create_environment(client, "bench", &id, &new).await.unwrap();
        for f in 0..FOLDERS {
            let place = Place { project: id.clone(), environment: slug.clone(), path: format!("/f{f}") };
            write::create_folder(client, "bench", &place, None).await.unwrap();
            let secret = |s: usize| api::secrets::CreateItem {
                secret_key: format!("KEY_{s}"),
                new: api::secrets::New::of(Secret::new(format!("canary-{n}-{e}-{f}-{s}"))),
            };
            write::secrets::create(client, "bench", &place, (0..SECRETS).map(secret).collect()).await.unwrap();
        }
    }
    for s in 0..SYNCS {
        let (environment, secret_path) = pushed(s);
        let object = |value: serde_json::Value| value.as_object().cloned().unwrap();
        let new = api::syncs::Create {
            name: format!("s{s}"),
            project_id: id.clone(),
            description: None,
            connection_id: connection.to_owned(),
            environment,
            secret_path,
            is_auto_sync_enabled: false,
            sync_options: object(json!({ "initialSyncBehavior": "overwrite-destination" })),
            destination_config: object(json!({ "format": "dotenv", "file": format!("{n}-{s}.env") })),
        };
        write::syncs::create(client, "bench", "local-file", &new).await.unwrap();
    }
    id
}

async fn refresh(client: &Client, projects: usize) {
    let mut state = read::roots(client, true, &BTreeSet::new()).await.unwrap_or_else(|why| panic!("{why:?}"));
    let wanted = EnvironmentMention { folders: true, secrets: true, position: false };
    let mention = Mention {
        syncs: true,
        environments: (0..ENVIRONMENTS).map(|e| (format!("e{e}").into(), wanted)).collect(),
        sources: (0..SYNCS).map(pushed).map(|(environment, path)| (environment.into(), path.into())).collect(),
        ..Mention::default()
    };
    let mentions = (0..projects).map(|n| (Arc::from(format!("p{n:04}")), mention.clone())).collect();
    read::fill(client, &mut state, &mentions).await;
    let environments = state.projects.values().flat_map(|project| &project.environments);
    let secrets: usize = environments.map(|e| e.secrets.as_ref().unwrap().as_ref().unwrap().len()).sum();
    assert_eq!(secrets, projects * ENVIRONMENTS * FOLDERS * SECRETS, "everything was read");
}

/// Makes the least requests that read everything, and gives their number.
async fn bare(server: &Running, projects: &[String]) -> usize {
    let client = reqwest::Client::new();
    let url = &server.url;
    let login = client
        .post(format!("{url}/api/v1/auth/universal-auth/login"))
        .header("content-type", "application/json")
        .body(json!({ "clientId": server.client_id, "clientSecret": server.client_secret.expose() }).to_string());
    let login: serde_json::Value = serde_json::from_slice(&body(login).await).unwrap();
    let token = login["accessToken"].as_str().unwrap();
    let mut paths = vec!["/api/v1/projects".to_owned(), "/api/v1/app-connections".to_owned()];
    for id in projects {
        paths.push(format!("/api/v1/secret-syncs?projectId={id}"));
        for e in 0..ENVIRONMENTS {
            paths.push(format!("/api/v2/folders?projectId={id}&environment=e{e}&path=/&recursive=true"));
            paths.push(format!("/api/v4/secrets?projectId={id}&environment=e{e}&secretPath=/&recursive=true"));
        }
        for (environment, path) in (0..SYNCS).map(pushed) {
            paths.push(format!("/api/v2/secret-imports?projectId={id}&environment={environment}&path={path}"));
        }
    }
    let asked =
        futures_util::stream::iter(&paths).map(|path| body(client.get(format!("{url}{path}")).bearer_auth(token)));
    1 + asked.buffer_unordered(CONCURRENCY).count().await
}

async fn body(request: reqwest::RequestBuilder) -> Vec<u8> {
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.bytes().await.unwrap().to_vec()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
