//! Golden requests: `tests/providers/<app>.http` shows what is sent to read an empty destination, to create
//! two keys, to read them, and to update one and delete the other. Secrets are `«value»`. Reviewed like
//! code; written anew with `KEYFORM_BLESS=1`.

use crate::laws::canary;
use crate::laws::create;
use crate::laws::delete;
use crate::laws::done;
use crate::laws::hold;
use crate::laws::key;
use crate::laws::open;
use crate::laws::stand;
use crate::laws::stand::Stand;
use crate::laws::update;
use keyform::http::client::Client;
use keyform::http::client::Options;
use keyform::http::tape::Tape;
use keyform::secret::Secret;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

/// What is different in each run, and what stands for it.
const VARYING: &[(&str, &str)] = &[
    (r"http://127\.0\.0\.1:\d+", "https://«instance»"),
    (r"\bkv-\d+\b", "kv"),
    (r#""encrypted_value":"[^"]*""#, r#""encrypted_value":"«value»""#),
    (r":2000\d{8}:secret:([A-Za-z0-9_/]+)-\w{6}", ":«account»:secret:$1-«suffix»"),
    (r#""ClientRequestToken":"[0-9a-f-]{36}""#, r#""ClientRequestToken":"«token»""#),
    (r#""role_id":"[^"]*""#, r#""role_id":"«role»""#),
];

/// Runs the session against one destination and gives its part of the file.
fn session(name: &str, stand: impl AsyncFn() -> Stand) -> String {
    let out = Mutex::new(format!("# {name}\n"));
    hold(stand, async |stand: &Stand| {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let tape = Arc::clone(&heard);
        let secrets: Vec<Secret> =
            [canary(1), canary(2), canary(3)].into_iter().chain(stand.credentials.clone()).map(Secret::new).collect();
        let tape = Tape::new(move |request| tape.lock().unwrap().push(request.redacted(&secrets)));
        let options = Options { redirect: stand.redirect.clone(), tape: Some(tape), ..Options::default() };
        let client = Client::new(options).unwrap();
        let section = |title: &str| {
            let requests = in_order(std::mem::take(&mut *heard.lock().unwrap()));
            *out.lock().unwrap() += &format!("\n## {title}\n\n{}", requests.join("\n"));
        };
        let destination = open(stand, &client);
        let seen = destination.read().await.unwrap();
        section("Reading it while it is empty");
        done(destination.write(&seen, &[create(&key(1), &canary(1)), create(&key(2), &canary(2))]).await);
        section("Creating two keys");
        let seen = destination.read().await.unwrap();
        section("Reading them");
        done(destination.write(&seen, &[update(&key(1), &canary(3)), delete(&key(2))]).await);
        section("Updating one, deleting the other");
    });
    let text = out.into_inner().unwrap();
    VARYING
        .iter()
        .fold(text, |text, (pattern, with)| regex::Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned())
}

/// Requests of one kind may have been sent at once: among them the order says nothing. Kinds stay in the order
/// in which they came.
fn in_order(requests: Vec<String>) -> Vec<String> {
    let number = regex::Regex::new(r"\w*\d\w*").unwrap();
    let kind = |request: &str| number.replace_all(request.split("\n\n").next().unwrap(), "#").into_owned();
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for request in requests {
        let kind = kind(&request);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, all)) => all.push(request),
            None => kinds.push((kind, vec![request])),
        }
    }
    kinds.iter_mut().for_each(|(_, all)| all.sort());
    kinds.into_iter().flat_map(|(_, all)| all).collect()
}

fn golden(app: &str, parts: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/providers/{app}.http"));
    let text = parts.join("\n");
    if std::env::var_os("KEYFORM_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept != text {
        let diff = similar::TextDiff::from_lines(&kept, &text).unified_diff().to_string();
        panic!("tests/providers/{app}.http is not what is sent; if that is right, run with KEYFORM_BLESS=1\n{diff}");
    }
}

#[test]
fn hashicorp_vault() {
    let parts = [
        session("hashicorp-vault, version 1, access-token", stand::vault_v1),
        session("hashicorp-vault, version 2, access-token", stand::vault_v2),
        session("hashicorp-vault, version 2, app-role", stand::vault_approle),
    ];
    golden("hashicorp-vault", &parts);
}

#[test]
fn aws() {
    let parts = [
        session("aws-secrets-manager, one-to-one", stand::secrets_manager_one),
        session("aws-secrets-manager, many-to-one", stand::secrets_manager_many),
        session("aws-parameter-store", stand::parameter_store),
    ];
    golden("aws", &parts);
}

#[test]
fn checkly() {
    golden("checkly", &[session("checkly", stand::checkly)]);
}

#[test]
fn circleci() {
    let parts = [
        session("circleci, project of GitHub", stand::circleci_github),
        session("circleci, project of its own", stand::circleci_standalone),
    ];
    golden("circleci", &parts);
}

#[test]
fn travis_ci() {
    let parts = [
        session("travis-ci, all branches", stand::travis_ci_repository),
        session("travis-ci, one branch", stand::travis_ci_branch),
    ];
    golden("travis-ci", &parts);
}

#[test]
fn octopus_deploy() {
    let parts = [
        session("octopus-deploy, everywhere", stand::octopus_deploy_everywhere),
        session("octopus-deploy, two environments", stand::octopus_deploy_scoped),
    ];
    golden("octopus-deploy", &parts);
}

#[test]
fn ona() {
    golden("ona", &[session("ona", stand::ona)]);
}

#[test]
fn qovery() {
    let parts = [
        session("qovery, secrets of a project", stand::qovery_secrets),
        session("qovery, variables of an environment", stand::qovery_variables),
    ];
    golden("qovery", &parts);
}

#[test]
fn trigger_dev() {
    golden("trigger-dev", &[session("trigger-dev", stand::trigger_dev)]);
}

#[test]
fn cloudflare() {
    golden(
        "cloudflare",
        &[
            session("cloudflare-pages", stand::cloudflare_pages),
            session("cloudflare-workers", stand::cloudflare_workers),
            session("cloudflare-secrets-store", stand::cloudflare_secrets_store),
        ],
    );
}

#[test]
fn digital_ocean() {
    golden("digital-ocean", &[session("digital-ocean-app-platform", stand::digital_ocean)]);
}

#[test]
fn flyio() {
    golden("flyio", &[session("flyio", stand::flyio)]);
}

#[test]
fn github() {
    let parts = [
        session("github, repository", stand::github_repository),
        session("github, repository-environment", stand::github_environment),
        session("github, organization", stand::github_organization),
    ];
    golden("github", &parts);
}

#[test]
fn gitlab() {
    golden(
        "gitlab",
        &[session("gitlab, project", stand::gitlab_project), session("gitlab, group", stand::gitlab_group)],
    );
}

#[test]
fn heroku() {
    golden("heroku", &[session("heroku", stand::heroku)]);
}

#[test]
fn humanitec() {
    golden(
        "humanitec",
        &[
            session("humanitec, application", stand::humanitec_application),
            session("humanitec, environment", stand::humanitec_environment),
        ],
    );
}

#[test]
fn laravel_forge() {
    golden("laravel-forge", &[session("laravel-forge", stand::laravel_forge)]);
}

#[test]
fn netlify() {
    golden("netlify", &[session("netlify, site", stand::netlify_site), session("netlify, team", stand::netlify_team)]);
}

#[test]
fn northflank() {
    golden("northflank", &[session("northflank", stand::northflank)]);
}

#[test]
fn railway() {
    golden(
        "railway",
        &[
            session("railway, service, project-token", stand::railway_service),
            session("railway, shared, account-token", stand::railway_shared),
        ],
    );
}

#[test]
fn supabase() {
    golden("supabase", &[session("supabase", stand::supabase)]);
}

#[test]
fn terraform_cloud() {
    golden(
        "terraform-cloud",
        &[
            session("terraform-cloud, workspace", stand::terraform_cloud_workspace),
            session("terraform-cloud, variable-set", stand::terraform_cloud_set),
        ],
    );
}

#[test]
fn vercel() {
    let parts = [
        session("vercel, project", stand::vercel_project),
        session("vercel, project, custom environment", stand::vercel_custom),
        session("vercel, project, sensitive", stand::vercel_sensitive),
        session("vercel, team", stand::vercel_team),
    ];
    golden("vercel", &parts);
}

#[test]
fn render() {
    let parts =
        [session("render, service", stand::render_service), session("render, environment-group", stand::render_group)];
    golden("render", &parts);
}

#[test]
fn azure_key_vault() {
    let parts = [
        session("azure-key-vault, one-to-one", stand::azure_key_vault_one),
        session("azure-key-vault, many-to-one", stand::azure_key_vault_many),
    ];
    golden("azure-key-vault", &parts);
}

#[test]
fn azure_app_configuration() {
    let parts = [
        session("azure-app-configuration, with a label", stand::azure_app_configuration_label),
        session("azure-app-configuration, without a label", stand::azure_app_configuration_no_label),
    ];
    golden("azure-app-configuration", &parts);
}

#[test]
fn databricks() {
    let parts = [session("databricks", stand::databricks)];
    golden("databricks", &parts);
}

#[test]
fn camunda() {
    let parts = [session("camunda", stand::camunda)];
    golden("camunda", &parts);
}

#[test]
fn bitbucket() {
    let parts = [
        session("bitbucket, repository", stand::bitbucket_repository),
        session("bitbucket, deployment environment", stand::bitbucket_environment),
    ];
    golden("bitbucket", &parts);
}

#[test]
fn onepassword() {
    let parts = [session("1password", stand::onepassword)];
    golden("1password", &parts);
}

#[test]
fn windmill() {
    let parts = [session("windmill", stand::windmill)];
    golden("windmill", &parts);
}

#[test]
fn teamcity() {
    let parts = [
        session("teamcity, project", stand::teamcity_project),
        session("teamcity, build configuration", stand::teamcity_build),
    ];
    golden("teamcity", &parts);
}

#[test]
fn zabbix() {
    let parts = [
        session("zabbix, host, secret text", stand::zabbix_host),
        session("zabbix, global, text", stand::zabbix_global),
    ];
    golden("zabbix", &parts);
}

#[test]
fn azure_devops() {
    let parts = [
        session("azure-devops, access-token", stand::azure_devops_token),
        session("azure-devops, client-secret", stand::azure_devops_principal),
    ];
    golden("azure-devops", &parts);
}

#[test]
fn gcp() {
    let parts = [
        session("gcp-secret-manager, global", stand::gcp_global),
        session("gcp-secret-manager, region", stand::gcp_region),
    ];
    golden("gcp", &parts);
}

#[test]
fn oci() {
    let parts = [session("oci-vault", stand::oci_vault)];
    golden("oci", &parts);
}

#[test]
fn chef() {
    let parts = [session("chef", stand::chef)];
    golden("chef", &parts);
}
