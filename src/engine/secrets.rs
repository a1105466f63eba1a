//! Secrets of one folder of the backend, for the commands that read and write them by hand.

use crate::api;
use crate::backend::read;
use crate::backend::read::EnvironmentMention;
use crate::backend::read::Mention;
use crate::backend::state::Project;
use crate::backend::state::trimmed;
use crate::backend::write;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Engine;
use crate::engine::sources::hidden;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A folder of the backend, by the names that people use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The project's slug.
    pub project: String,
    /// The environment's slug.
    pub environment: String,
    /// The absolute path: `/`, `/api`.
    pub path: String,
}

impl Engine {
    /// The folder's own secrets, values included; references as they are written.
    ///
    /// # Errors
    /// The backend's answer, or that there is no such project or environment, or that the values are hidden.
    pub async fn secrets(&self, place: &Place) -> Result<BTreeMap<Arc<str>, Secret>, Diagnostic> {
        let at = self.find(place).await?;
        let found = read::folder_secrets(&self.reached.backend, &at).await?;
        let pairs = found.into_iter().map(|secret| match secret.value {
            Some(value) => Ok((secret.key, value)),
            None => Err(hidden(&secret.key)),
        });
        pairs.collect()
    }

    /// Makes or changes secrets; those that are already equal are left alone. Gives the number written.
    ///
    /// # Errors
    /// The backend's answer, or that there is no such project or environment.
    pub async fn set_secrets(&self, place: &Place, secrets: &BTreeMap<Arc<str>, Secret>) -> Result<usize, Diagnostic> {
        let at = self.find(place).await?;
        let found = read::folder_secrets(&self.reached.backend, &at).await?;
        let found: BTreeMap<_, _> = found.into_iter().map(|secret| (secret.key, secret.value)).collect();
        let (mut creates, mut updates) = (Vec::new(), Vec::new());
        for (key, value) in secrets {
            let value = Secret::new(trimmed(value.expose()));
            match found.get(key) {
                Some(Some(there)) if *there == value => {}
                Some(_) => updates.push(api::secrets::UpdateItem {
                    secret_key: key.to_string(),
                    change: api::secrets::Change { secret_value: Some(value), ..api::secrets::Change::default() },
                }),
                None => creates
                    .push(api::secrets::CreateItem { secret_key: key.to_string(), new: api::secrets::New::of(value) }),
            }
        }
        let written = creates.len() + updates.len();
        let about = format!("the secrets of {}/{}{}", place.project, place.environment, place.path);
        if !creates.is_empty() {
            write::secrets::create(&self.reached.backend, &about, &at, creates).await?;
        }
        if !updates.is_empty() {
            write::secrets::update(&self.reached.backend, &about, &at, updates).await?;
        }
        Ok(written)
    }

    /// The place by the ids that requests want. An unknown path is an empty folder to the backend, so its
    /// folders are asked for; who may not see them is believed.
    pub(super) async fn find(&self, place: &Place) -> Result<write::Place, Diagnostic> {
        let slugs = BTreeSet::from([Arc::from(place.project.as_str())]);
        let mut state = read::roots(&self.reached.backend, false, &slugs).await?;
        let project = state.projects.get(place.project.as_str()).ok_or_else(|| {
            let names = state.projects.keys().map(|slug| &**slug);
            unknown(format!("there is no project `{}`", place.project), &place.project, names)
        })?;
        let Project { id, environments, .. } = project;
        if project.environment(&place.environment).is_none() {
            let detail = format!("project `{}` has no environment `{}`", place.project, place.environment);
            return Err(unknown(detail, &place.environment, environments.iter().map(|e| &*e.slug)));
        }
        let path = format!("/{}", place.path.trim_matches('/'));
        let id = id.to_string();
        if path != "/" {
            let folders = EnvironmentMention { folders: true, ..EnvironmentMention::default() };
            let environments = BTreeMap::from([(place.environment.as_str().into(), folders)]);
            let mention = Mention { environments, ..Mention::default() };
            read::fill(&self.reached.backend, &mut state, &BTreeMap::from([(place.project.as_str().into(), mention)]))
                .await;
            let project = state.projects.get(place.project.as_str());
            let folders = project.and_then(|project| project.environment(&place.environment)?.folders.as_ref());
            if let Some(Ok(folders)) = folders
                && !folders.contains_key(path.as_str())
            {
                let detail = format!("environment `{}` has no folder `{path}`", place.environment);
                return Err(unknown(detail, &path, folders.keys().map(|path| &**path)));
            }
        }
        Ok(write::Place { project: id, environment: place.environment.clone(), path })
    }
}

fn unknown<'a>(detail: String, wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    Diagnostic::error(&codes::NEED_MISSING, detail).did_you_mean(wanted, names)
}
