//! What teams work with: Databricks, Camunda, Bitbucket, 1Password, Windmill, TeamCity, Zabbix and Chef, as our own fakes
//! play them.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::bitbucket;
use crate::providers::bitbucket::Bitbucket;
use crate::providers::camunda;
use crate::providers::camunda::Camunda;
use crate::providers::chef;
use crate::providers::chef::Chef;
use crate::providers::databricks;
use crate::providers::databricks::Databricks;
use crate::providers::onepassword;
use crate::providers::onepassword::Connect;
use crate::providers::teamcity;
use crate::providers::teamcity::TeamCity;
use crate::providers::windmill;
use crate::providers::windmill::Windmill;
use crate::providers::zabbix;
use crate::providers::zabbix::Zabbix;
use crate::services;
use keyform::model::attrs::Value;
use std::collections::BTreeMap;

pub async fn databricks() -> Stand {
    let (front, ground) = played(Databricks::new(&["app", "other"]), "app", Vec::new()).await;
    let connection = attrs([
        ("client_id", text(databricks::CLIENT)),
        ("client_secret", secret(databricks::SECRET)),
        ("workspace_url", text(&front.url())),
    ]);
    Stand {
        spec: spec("databricks", "service-principal", connection, attrs([("scope", text("app"))])),
        redirect: BTreeMap::new(),
        ground,
        front: Some(front),
        facts: Facts {
            readable: false,
            empty: false,
            max_bytes: 128 << 10,
            limits_values: true,
            capacity: Some(1000),
            // The token, and all of them.
            reads: |_| 2,
            good_keys: &["A", "a.b-c_1", "-"],
            bad_keys: &["A B", "A/B", "A@B", "Ä"],
            ..Facts::usual(databricks::throttled(), databricks::unauthorized())
        },
        credentials: vec![databricks::TOKEN.into(), databricks::SECRET.into()],
    }
}

pub async fn camunda() -> Stand {
    let (front, ground) = played(Camunda::new(&["cluster-1", "cluster-2"]), "cluster-1", Vec::new()).await;
    let connection = attrs([("client_id", text(camunda::CLIENT)), ("client_secret", secret(camunda::SECRET))]);
    let hosts = ["login.cloud.camunda.io", "api.cloud.camunda.io"];
    Stand {
        spec: spec("camunda", "client-credentials", connection, attrs([("cluster_uuid", text("cluster-1"))])),
        redirect: hosts.map(|host| (host.to_owned(), front.address)).into(),
        ground,
        front: Some(front),
        facts: Facts {
            empty: false,
            reads: |_| 2,
            good_keys: &["A", "a-b", "a.b", "a/b", "4444444444444444444444444444444444444444444444444"],
            bad_keys: &["55555555555555555555555555555555555555555555555555"],
            ..Facts::usual(camunda::throttled(), camunda::unauthorized())
        },
        credentials: vec![camunda::TOKEN.into(), camunda::SECRET.into()],
    }
}

async fn bitbucket(environment: Option<&str>) -> Stand {
    let place = environment.map_or_else(|| "acme/app".to_owned(), |id| format!("acme/app/{id}"));
    let places = ["acme/app", "acme/other", &format!("acme/app/{}", bitbucket::ENVIRONMENT)];
    let (front, ground) = played(Bitbucket::new(&places), &place, Vec::new()).await;
    let mut destination = attrs([("workspace_slug", text("acme")), ("repository_slug", text("app"))]);
    destination.extend(environment.map(|id| ("environment_id".into(), text(id))));
    let connection = attrs([("email", text(bitbucket::EMAIL)), ("api_token", secret(bitbucket::TOKEN))]);
    Stand {
        spec: spec("bitbucket", "api-token", connection, destination),
        redirect: BTreeMap::from([("api.bitbucket.org".into(), front.address)]),
        ground,
        front: Some(front),
        facts: Facts {
            readable: false,
            versions: false,
            empty: false,
            reads: |n| n.div_ceil(100).max(1) as u64,
            good_keys: &["A", "a1_", "_A", "BITBUCKET_BRANCH"],
            bad_keys: &["1A", "A-B", "A B", "Ä"],
            ..Facts::usual(bitbucket::throttled(), bitbucket::unauthorized())
        },
        credentials: vec![bitbucket::TOKEN.into()],
    }
}

pub async fn bitbucket_repository() -> Stand {
    bitbucket(None).await
}

pub async fn bitbucket_environment() -> Stand {
    bitbucket(Some(bitbucket::ENVIRONMENT)).await
}

pub async fn onepassword() -> Stand {
    let (front, ground) = played(Connect::default(), onepassword::VAULT, Vec::new()).await;
    let connection = attrs([("instance_url", text(&front.url())), ("api_token", secret(onepassword::TOKEN))]);
    Stand {
        spec: spec("1password", "api-token", connection, attrs([("vault_id", text(onepassword::VAULT))])),
        redirect: BTreeMap::new(),
        ground,
        front: Some(front),
        facts: Facts {
            reads: |n| (n + 1) as u64,
            // To change a field, one has to know its id.
            writes: 4,
            good_keys: &["A", "a b", "a/b.c", "ü"],
            bad_keys: &[""],
            vendor_checks_keys: false,
            ..Facts::usual(onepassword::throttled(), onepassword::unauthorized())
        },
        credentials: vec![onepassword::TOKEN.into()],
    }
}

async fn windmill_of(is_old: bool, path: &str) -> Stand {
    let (front, ground) = played(Windmill::new(is_old), "f/my_app/", Vec::new()).await;
    let connection = attrs([("instance_url", text(&front.url())), ("access_token", secret(windmill::TOKEN))]);
    let destination = attrs([("workspace", text("Acme")), ("path", text(path))]);
    Stand {
        spec: spec("windmill", "access-token", connection, destination),
        redirect: BTreeMap::new(),
        ground,
        front: Some(front),
        facts: Facts {
            max_bytes: 11_000,
            limits_values: true,
            // On until a page is empty, since a short one need not be the last; and every value alone.
            reads: |n| (n.div_ceil(1000) + 1 + n) as u64,
            good_keys: &["A", "a-b", "_1"],
            bad_keys: &["A.B", "A B", "/A", "A/", "Ä"],
            ..Facts::usual(windmill::throttled(), windmill::unauthorized())
        },
        credentials: vec![windmill::TOKEN.into()],
    }
}

pub async fn windmill() -> Stand {
    windmill_of(false, "f/my_app/").await
}

/// A server from before there were pages, and a path without its last slash.
pub async fn windmill_old() -> Stand {
    windmill_of(true, "f/my_app").await
}

async fn teamcity(owner: &str, build_config: Option<&str>) -> Stand {
    let owners = ["projects/Acme", "projects/Other", "buildTypes/Acme_Build"];
    let (front, ground) = played(TeamCity::new(&owners), owner, Vec::new()).await;
    let mut destination = attrs([("project", text("Acme"))]);
    destination.extend(build_config.map(|id| ("build_config".into(), text(id))));
    let connection = attrs([("instance_url", text(&front.url())), ("access_token", secret(teamcity::TOKEN))]);
    Stand {
        spec: spec("teamcity", "access-token", connection, destination),
        redirect: BTreeMap::new(),
        ground,
        front: Some(front),
        facts: Facts {
            readable: false,
            versions: false,
            good_keys: &["A", "1a.b-c_*", "_A"],
            bad_keys: &["A B", "A/B", "A%B", "Ä"],
            ..Facts::usual(teamcity::throttled(), teamcity::unauthorized())
        },
        credentials: vec![teamcity::TOKEN.into()],
    }
}

pub async fn teamcity_project() -> Stand {
    teamcity("projects/Acme", None).await
}

pub async fn teamcity_build() -> Stand {
    teamcity("buildTypes/Acme_Build", Some("Acme_Build")).await
}

async fn zabbix(place: &str, kind: &'static str) -> Stand {
    let (front, ground) = played(Zabbix::new(&["10084", "10085", zabbix::GLOBAL], kind), place, Vec::new()).await;
    let is_global = place == zabbix::GLOBAL;
    let mut destination = attrs([
        ("scope", text(if is_global { "global" } else { "host" })),
        ("macro_type", Value::int(kind.parse().unwrap())),
    ]);
    if !is_global {
        destination.extend(attrs([("host_id", text(place)), ("host_name", text("app"))]));
    }
    let connection = attrs([("instance_url", text(&front.url())), ("api_token", secret(zabbix::TOKEN))]);
    Stand {
        spec: spec("zabbix", "api-token", connection, destination),
        redirect: BTreeMap::new(),
        ground,
        front: Some(front),
        facts: Facts {
            readable: kind == "0",
            versions: kind == "0",
            // A call deletes all that it names, or nothing.
            deletes_the_gone: false,
            max_bytes: 2048,
            limits_values: true,
            good_keys: &["A", "b", "1_.B"],
            bad_keys: &["A-B", "A B", "A/B", "Ä"],
            ..Facts::usual(zabbix::throttled(), zabbix::unauthorized())
        },
        credentials: vec![zabbix::TOKEN.into()],
    }
}

pub async fn zabbix_host() -> Stand {
    zabbix("10084", "1").await
}

pub async fn zabbix_global() -> Stand {
    zabbix(zabbix::GLOBAL, "0").await
}

pub async fn chef() -> Stand {
    let (front, ground) = played(Chef::default(), chef::PLACE, Vec::new()).await;
    let connection = attrs([
        ("server_url", text(&front.url())),
        ("org_name", text("acme")),
        ("user_name", text(chef::USER)),
        ("private_key", secret(services::rsa_key())),
    ]);
    let destination = attrs([("data_bag_name", text("app")), ("data_bag_item_name", text("prod"))]);
    Stand {
        spec: spec("chef", "user-key", connection, destination),
        redirect: BTreeMap::new(),
        ground,
        front: Some(front),
        facts: Facts {
            versions: false,
            deletes_the_gone: false,
            max_bytes: 100_000,
            writes: 1,
            good_keys: &["A", "a-b", "a.b", "a/b", "ü key"],
            bad_keys: &["id"],
            ..Facts::usual(chef::throttled(), chef::unauthorized())
        },
        credentials: vec![services::rsa_key().into()],
    }
}
