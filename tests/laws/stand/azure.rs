//! What is in Azure: Key Vault, App Configuration and Azure DevOps, as our own fakes play them.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::azure_app_configuration;
use crate::providers::azure_app_configuration::Store;
use crate::providers::azure_devops;
use crate::providers::azure_devops::DevOps;
use crate::providers::azure_key_vault;
use crate::providers::azure_key_vault::KeyVault;
use crate::providers::entra;
use crate::providers::fake::Fake;
use keyform::model::attrs::Attrs;

async fn stand(
    slug: &str,
    (host, place): (&str, &str),
    fake: impl Fake + 'static,
    destination: Attrs,
    facts: Facts,
) -> Stand {
    let (front, ground) = played(fake, place, Vec::new()).await;
    let connection = attrs([
        ("tenant_id", text(entra::TENANT)),
        ("client_id", text(entra::CLIENT)),
        ("client_secret", secret(entra::SECRET)),
    ]);
    let hosts = ["login.microsoftonline.com", host];
    Stand {
        spec: spec(slug, "client-secret", connection, destination),
        redirect: hosts.map(|host| (host.to_owned(), front.address)).into(),
        front: Some(front),
        ground,
        facts,
        credentials: vec![entra::TOKEN.into(), entra::SECRET.into()],
    }
}

async fn key_vault(mapping: &str, container: Option<&'static str>, facts: Facts) -> Stand {
    let mut destination = attrs([
        ("mapping_behavior", text(mapping)),
        ("vault_base_url", text(&format!("https://{}/", azure_key_vault::HOST))),
    ]);
    destination.extend(container.map(|name| ("secret_name".into(), text(name))));
    let at = (azure_key_vault::HOST, container.unwrap_or_default());
    stand("azure-key-vault", at, KeyVault::new(container), destination, facts).await
}

pub async fn azure_key_vault_one() -> Stand {
    let facts = Facts {
        max_bytes: 25_600,
        limits_values: true,
        // The token, pages of 25, and every value alone.
        reads: |n| (1 + n.div_ceil(25).max(1) + n) as u64,
        good_keys: &["A", "1a-B", "-a"],
        bad_keys: &["A.B", "A B", "A/B", "Ä"],
        ..Facts::usual(azure_key_vault::throttled(), azure_key_vault::unauthorized())
    };
    key_vault("one-to-one", None, facts).await
}

pub async fn azure_key_vault_many() -> Stand {
    let facts = Facts {
        deletes_the_gone: false,
        // One secret of 25 KB holds them all.
        max_bytes: 20_000,
        reads: |_| 2,
        writes: 1,
        good_keys: &["A", "a-b", "a.b", "a/b", "ü key"],
        bad_keys: &[""],
        vendor_checks_keys: false,
        ..Facts::usual(azure_key_vault::throttled(), azure_key_vault::unauthorized())
    };
    key_vault("many-to-one", Some("app"), facts).await
}

async fn app_configuration(label: &'static str) -> Stand {
    let mut destination = attrs([("configuration_url", text(&format!("https://{}", azure_app_configuration::HOST)))]);
    destination.extend((!label.is_empty()).then(|| ("label".into(), text(label))));
    let facts = Facts {
        // 10 KB with everything around it.
        max_bytes: 10_000,
        reads: |n| (1 + n.div_ceil(100).max(1)) as u64,
        good_keys: &["A", "a/b:c", "a,b*\\", "ü key", "a.b"],
        bad_keys: &["100%", ".", ".."],
        ..Facts::usual(azure_app_configuration::throttled(), azure_app_configuration::unauthorized())
    };
    stand("azure-app-configuration", (azure_app_configuration::HOST, label), Store::default(), destination, facts).await
}

/// The label has characters that mean something in a filter.
pub async fn azure_app_configuration_label() -> Stand {
    app_configuration("prod,uction*").await
}

pub async fn azure_app_configuration_no_label() -> Stand {
    app_configuration("").await
}

async fn devops(method: &str, connection: Attrs, credential: &str, reads: fn(usize) -> u64) -> Stand {
    let (front, ground) = played(DevOps::default(), azure_devops::GROUP, Vec::new()).await;
    let destination = attrs([("devops_project_id", text(azure_devops::PROJECT)), ("devops_project_name", text("app"))]);
    let hosts = ["login.microsoftonline.com", "dev.azure.com"];
    Stand {
        spec: spec("azure-devops", method, connection, destination),
        redirect: hosts.map(|host| (host.to_owned(), front.address)).into(),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            versions: false,
            deletes_the_gone: false,
            reads,
            writes: 1,
            good_keys: &["A", "a.b_c"],
            bad_keys: &[""],
            vendor_checks_keys: false,
            ..Facts::usual(azure_devops::throttled(), azure_devops::unauthorized())
        },
        credentials: vec![credential.into(), entra::SECRET.into(), entra::TOKEN.into()],
    }
}

pub async fn azure_devops_token() -> Stand {
    let connection = attrs([("access_token", secret(azure_devops::TOKEN)), ("org_name", text("acme"))]);
    devops("access-token", connection, azure_devops::TOKEN, |_| 1).await
}

pub async fn azure_devops_principal() -> Stand {
    let connection = attrs([
        ("tenant_id", text(entra::TENANT)),
        ("client_id", text(entra::CLIENT)),
        ("client_secret", secret(entra::SECRET)),
        ("org_name", text("acme")),
    ]);
    devops("client-secret", connection, entra::TOKEN, |_| 2).await
}
