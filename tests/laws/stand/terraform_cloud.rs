//! A workspace and a variable set at HCP Terraform.

use crate::laws::stand::Facts;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::played;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::terraform_cloud;
use crate::providers::terraform_cloud::TerraformCloud;
use keyform::model::attrs::Attrs;
use std::collections::BTreeMap;

async fn terraform_cloud(place: &str, destination: Attrs, bad_keys: &'static [&'static str]) -> Stand {
    let (front, ground) = played(TerraformCloud::new(), place, Vec::new()).await;
    let connection = attrs([("api_token", secret(terraform_cloud::TOKEN))]);
    Stand {
        spec: spec("terraform-cloud", "api-token", connection, destination),
        redirect: BTreeMap::from([("app.terraform.io".into(), front.address)]),
        front: Some(front),
        ground,
        facts: Facts {
            readable: false,
            max_bytes: 256 * 1024,
            limits_values: true,
            good_keys: &["A", "a1_", "_a-B"],
            bad_keys,
            ..Facts::usual(terraform_cloud::throttled(), terraform_cloud::unauthorized())
        },
        credentials: vec![terraform_cloud::TOKEN.into()],
    }
}

pub async fn terraform_cloud_workspace() -> Stand {
    let destination = attrs([
        ("scope", text("workspace")),
        ("org", text("bakery")),
        ("workspace_id", text("ws-1")),
        ("workspace_name", text("web")),
        ("category", text("env")),
    ]);
    terraform_cloud("workspaces/ws-1 env", destination, &["A B", "A=B"]).await
}

pub async fn terraform_cloud_set() -> Stand {
    let destination = attrs([
        ("scope", text("variable-set")),
        ("org", text("bakery")),
        ("variable_set_id", text("varset-1")),
        ("variable_set_name", text("shared")),
        ("category", text("terraform")),
    ]);
    terraform_cloud("varsets/varset-1 terraform", destination, &["A B", "A=B"]).await
}
