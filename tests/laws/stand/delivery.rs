//! What builds, delivers and runs software: CircleCI, Travis CI, Octopus Deploy, Ona, Qovery and Trigger.dev, as our own
//! fakes play them.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::circleci;
use crate::providers::circleci::CircleCi;
use crate::providers::octopus_deploy;
use crate::providers::octopus_deploy::Octopus;
use crate::providers::ona;
use crate::providers::ona::Ona;
use crate::providers::qovery;
use crate::providers::qovery::Qovery;
use crate::providers::travis_ci;
use crate::providers::travis_ci::TravisCi;
use crate::providers::trigger_dev;
use crate::providers::trigger_dev::TriggerDev;
use keyform::model::attrs::Value;
use std::collections::BTreeMap;

async fn circleci(place: &str, organization: &str, name: &str, id: &str) -> Stand {
    let (front, ground) = played(CircleCi::new(), place, Vec::new()).await;
    let destination = attrs([("org_name", text(organization)), ("project_name", text(name)), ("project_id", text(id))]);
    Stand {
        spec: spec("circleci", "api-token", attrs([("api_token", secret(circleci::TOKEN))]), destination),
        redirect: BTreeMap::from([("circleci.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            versions: false,
            empty: false,
            // The organization, and all pages.
            reads: |n| 1 + n.div_ceil(100).max(1) as u64,
            bad_keys: &["1A", "A-B", "A B", "A.B"],
            // What of it the service refuses by itself is not documented.
            vendor_checks_keys: false,
            ..Facts::usual(circleci::throttled(), circleci::unauthorized())
        },
        credentials: vec![circleci::TOKEN.into()],
    }
}

pub async fn circleci_github() -> Stand {
    circleci("gh/bakery/shop", "bakery", "shop", "shop").await
}

pub async fn circleci_standalone() -> Stand {
    circleci(circleci::STANDALONE, "Bakery of its own", "shop", circleci::PROJECT).await
}

async fn travis_ci(branch: Option<&str>) -> Stand {
    let place = branch.map_or_else(|| "1001".to_owned(), |branch| format!("1001 {branch}"));
    let (front, ground) = played(TravisCi::new(), &place, Vec::new()).await;
    let mut destination = attrs([("repository_id", text("1001")), ("repository_slug", text("bakery/shop"))]);
    destination.extend(branch.map(|branch| ("branch".into(), text(branch))));
    Stand {
        spec: spec("travis-ci", "api-token", attrs([("api_token", secret(travis_ci::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.travis-ci.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            versions: false,
            bad_keys: &["1A", "A-B", "A B", "A.B"],
            // It takes any name; a build can't have it as a variable.
            vendor_checks_keys: false,
            ..Facts::usual(travis_ci::throttled(), travis_ci::unauthorized())
        },
        credentials: vec![travis_ci::TOKEN.into()],
    }
}

pub async fn travis_ci_repository() -> Stand {
    travis_ci(None).await
}

pub async fn travis_ci_branch() -> Stand {
    travis_ci(Some("main")).await
}

async fn octopus_deploy(place: &str, environments: &[&str]) -> Stand {
    let (front, ground) = played(Octopus::new(), place, Vec::new()).await;
    let connection = attrs([("instance_url", text(&front.url())), ("api_key", secret(octopus_deploy::TOKEN))]);
    let mut destination =
        attrs([("scope", text("project")), ("space_id", text("Spaces-1")), ("project_id", text("Projects-1"))]);
    if !environments.is_empty() {
        let ids = Value::list(environments.iter().map(|id| text(id)).collect());
        let scope = Value::object([("environments".into(), ids)].into_iter().collect());
        destination.insert("scope_values".into(), scope);
    }
    Stand {
        spec: spec("octopus-deploy", "api-key", connection, destination),
        redirect: BTreeMap::new(),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            versions: false,
            // The document, and one more look at it.
            writes: 1,
            // A variable is gone when the document is written without it.
            deletes_the_gone: false,
            good_keys: &["A", "a1_", "1A", "A.B", "A B", "Db:Password"],
            ..Facts::usual(octopus_deploy::throttled(), octopus_deploy::unauthorized())
        },
        credentials: vec![octopus_deploy::TOKEN.into()],
    }
}

pub async fn octopus_deploy_everywhere() -> Stand {
    octopus_deploy("Projects-1 ", &[]).await
}

pub async fn octopus_deploy_scoped() -> Stand {
    octopus_deploy("Projects-1 Environment=Environments-1,Environments-2", &["Environments-2", "Environments-1"]).await
}

pub async fn ona() -> Stand {
    let (front, ground) = played(Ona::new(), ona::PROJECT, Vec::new()).await;
    let connection = attrs([("personal_access_token", secret(ona::TOKEN))]);
    Stand {
        spec: spec("ona", "personal-access-token", connection, attrs([("project_id", text(ona::PROJECT))])),
        redirect: BTreeMap::from([("app.gitpod.io".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            empty: false,
            reads: |n| n.div_ceil(100).max(1) as u64,
            good_keys: &["ABC", "a1_", "_AB"],
            bad_keys: &["AB", "A"],
            ..Facts::usual(ona::throttled(), ona::unauthorized())
        },
        credentials: vec![ona::TOKEN.into()],
    }
}

async fn qovery(place: &str) -> Stand {
    let (front, ground) = played(Qovery::new(), place, Vec::new()).await;
    let is_secret = place.ends_with("secret");
    let mut destination = attrs([
        ("organization_id", text("o1")),
        ("project_id", text(qovery::PROJECT)),
        ("variable_type", text(if is_secret { "secret" } else { "variable" })),
    ]);
    if place.starts_with("ENVIRONMENT") {
        destination.insert("environment_id".into(), text(qovery::ENVIRONMENT));
    }
    Stand {
        spec: spec("qovery", "access-token", attrs([("access_token", secret(qovery::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.qovery.com".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts { readable: !is_secret, ..Facts::usual(qovery::throttled(), qovery::unauthorized()) },
        credentials: vec![qovery::TOKEN.into()],
    }
}

pub async fn qovery_secrets() -> Stand {
    qovery("PROJECT secret").await
}

pub async fn qovery_variables() -> Stand {
    qovery("ENVIRONMENT variable").await
}

pub async fn trigger_dev() -> Stand {
    let (front, ground) = played(TriggerDev::new(), "prod", Vec::new()).await;
    let destination = attrs([("project_ref", text(trigger_dev::PROJECT)), ("environment", text("prod"))]);
    Stand {
        spec: spec("trigger-dev", "api-key", attrs([("api_key", secret(trigger_dev::TOKEN))]), destination),
        redirect: BTreeMap::from([("api.trigger.dev".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            versions: false,
            empty: false,
            writes: 2,
            bad_keys: &["A-B", "A B", "A.B", "TRIGGER_SECRET_KEY"],
            // Its page does, its interface for programs does not.
            vendor_checks_keys: false,
            ..Facts::usual(trigger_dev::throttled(), trigger_dev::unauthorized())
        },
        credentials: vec![trigger_dev::TOKEN.into()],
    }
}
