//! What is in Google Cloud and in Oracle Cloud, as our own fakes play them.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::gcp;
use crate::providers::gcp::SecretManager;
use crate::providers::oci;
use crate::providers::oci::Oci;
use crate::services;
use keyform::model::attrs::Attrs;

/// The machine's own token comes from the metadata service.
async fn gcp(host: &str, parent: &str, destination: Attrs) -> Stand {
    let parents = ["projects/acme", "projects/acme/locations/europe-west1"];
    let (front, ground) = played(SecretManager::new(&parents), parent, Vec::new()).await;
    let connection = attrs([("service_account_email", text(gcp::ACCOUNT))]);
    let hosts = [gcp::METADATA, "iamcredentials.googleapis.com", host];
    Stand {
        spec: spec("gcp-secret-manager", "service-account-impersonation", connection, destination),
        redirect: hosts.map(|host| (host.to_owned(), front.address)).into(),
        front: Some(front),
        ground,
        facts: Facts {
            empty: false,
            max_bytes: 64 << 10,
            limits_values: true,
            // Two tokens, the pages, and every value alone.
            reads: |n| (2 + n.div_ceil(100).max(1) + n) as u64,
            // A secret and its version are made apart.
            writes: 4,
            good_keys: &["A", "a-b_1", "-a"],
            bad_keys: &["A.B", "A B", "A/B", "Ä"],
            // It is the machine's credentials that count.
            vendor_checks_credentials: false,
            ..Facts::usual(gcp::throttled(), gcp::unauthorized())
        },
        credentials: vec![gcp::TOKEN.into(), gcp::OWN.into()],
    }
}

pub async fn gcp_global() -> Stand {
    let destination = attrs([("scope", text("global")), ("project_id", text("acme"))]);
    gcp("secretmanager.googleapis.com", "projects/acme", destination).await
}

pub async fn gcp_region() -> Stand {
    let destination =
        attrs([("scope", text("region")), ("project_id", text("acme")), ("location_id", text("europe-west1"))]);
    let host = "secretmanager.europe-west1.rep.googleapis.com";
    gcp(host, "projects/acme/locations/europe-west1", destination).await
}

pub async fn oci_vault() -> Stand {
    let (front, ground) = played(Oci::default(), oci::VAULT, Vec::new()).await;
    let connection = attrs([
        ("user_ocid", text(oci::USER)),
        ("tenancy_ocid", text(oci::TENANCY)),
        ("region", text(oci::REGION)),
        ("fingerprint", text(oci::FINGERPRINT)),
        ("private_key", secret(services::rsa_key())),
    ]);
    let destination = attrs([
        ("compartment_ocid", text(oci::COMPARTMENT)),
        ("vault_ocid", text(oci::VAULT)),
        ("key_ocid", text(oci::KEY)),
    ]);
    let hosts =
        ["vaults", "secrets.vaults", "identity"].map(|name| format!("{name}.{}.oci.oraclecloud.com", oci::REGION));
    Stand {
        spec: spec("oci-vault", "access-key", connection, destination),
        redirect: hosts.map(|host| (host, front.address)).into(),
        front: Some(front),
        ground,
        facts: Facts {
            empty: false,
            max_bytes: 25_600,
            limits_values: true,
            reads: |n| (n.div_ceil(50).max(1) + n) as u64,
            // What is made and what is changed is looked at until it is through.
            writes: 7,
            good_keys: &["A", "a.b-c_1", "-"],
            bad_keys: &["A B", "A/B", "Ä"],
            ..Facts::usual(oci::throttled(), oci::unauthorized())
        },
        credentials: vec![services::rsa_key().into()],
    }
}
