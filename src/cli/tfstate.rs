//! What Terraform calls the things of a backend: read from its state, where Infisical's provider left their ids.
//!
//! A state holds secrets in plain text. Only names, ids and places are read of it; everything else is skipped by
//! the parser, and no error quotes it. Resource types and attributes are those of the provider's documentation
//! (registry.terraform.io/providers/Infisical/infisical, 2026); a state is of version 4.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::adopt::Called;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What the types of the provider begin with.
const PROVIDER: &str = "infisical_";

#[derive(Deserialize)]
struct State<'a> {
    version: Option<u64>,
    #[serde(default, borrow)]
    resources: Vec<Resource<'a>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    mode: String,
    r#type: String,
    name: String,
    module: Option<String>,
    /// Of other providers they may look like anything.
    #[serde(borrow)]
    instances: &'a RawValue,
}

#[derive(Deserialize)]
struct Instance {
    index_key: Option<Key>,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Key {
    Text(String),
    Number(i64),
}

/// What finds a thing; nothing else is read.
#[derive(Deserialize)]
struct Attributes {
    id: Option<String>,
    /// Of members of a project.
    membership_id: Option<String>,
    /// Of native integrations.
    integration_id: Option<String>,
    /// Of secrets, which have had no id in the state always.
    workspace_id: Option<String>,
    env_slug: Option<String>,
    folder_path: Option<String>,
    name: Option<String>,
}

/// The things of a state, in its order.
///
/// # Errors
/// It is no state, or one of another version.
pub(super) fn read(text: &str) -> Result<Vec<Called>, Diagnostic> {
    let bad = |error: &serde_json::Error| {
        let detail = format!("It is no state of Terraform: line {}, column {}.", error.line(), error.column());
        Diagnostic::error(&codes::BAD_STATE, detail)
    };
    let state: State<'_> = serde_json::from_str(text).map_err(|error| bad(&error))?;
    if state.version != Some(4) {
        let detail = match state.version {
            Some(version) => format!("It is of version {version}; version 4 is understood."),
            None => "It does not say its version.".to_owned(),
        };
        let help = "run `terraform state pull > terraform.tfstate` with Terraform 0.12 or later";
        return Err(Diagnostic::error(&codes::BAD_STATE, detail).help(help));
    }
    let mut found = Vec::new();
    for resource in state.resources.iter().filter(|r| r.mode == "managed" && r.r#type.starts_with(PROVIDER)) {
        let instances: Vec<Instance> = serde_json::from_str(resource.instances.get()).map_err(|_| {
            let detail = format!("The instances of `{}.{}` can't be read.", resource.r#type, resource.name);
            Diagnostic::error(&codes::BAD_STATE, detail)
        })?;
        let module = resource.module.as_deref().unwrap_or("");
        for Instance { index_key, attributes } in instances {
            let key = index_key.map(|key| match key {
                Key::Text(text) => text,
                Key::Number(number) => number.to_string(),
            });
            let place = (attributes.workspace_id, attributes.env_slug, attributes.folder_path, attributes.name);
            let place = match place {
                (Some(project), Some(environment), Some(path), Some(key)) if resource.r#type == "infisical_secret" => {
                    Some([project, environment, path, key])
                }
                _ => None,
            };
            let ids = [attributes.id, attributes.membership_id, attributes.integration_id];
            let dot = if module.is_empty() { "" } else { "." };
            let index = key.as_ref().map(|key| format!("[\"{key}\"]")).unwrap_or_default();
            found.push(Called {
                address: format!("{module}{dot}{}.{}{index}", resource.r#type, resource.name),
                name: format!("{} {}", words(module), resource.name).trim().into(),
                key: key.map(Into::into),
                ids: ids.into_iter().flatten().map(Into::into).collect(),
                is_secret: resource.r#type == "infisical_secret",
                place,
            });
        }
    }
    Ok(found)
}

/// The names and keys of modules, without the word `module`.
fn words(module: &str) -> String {
    let parts: Vec<&str> = module.split("module.").map(|part| part.trim_end_matches('.')).collect();
    parts.join(" ").trim().to_owned()
}
