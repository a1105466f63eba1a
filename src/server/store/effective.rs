//! What a folder effectively holds: its own secrets, those of its imports, and references replaced.
//!
//! The folder's own secret wins over all imports, among imports the later one wins; imports of imports
//! are followed, a circle ends where it closes.

use crate::api::secrets::Imported;
use crate::api::secrets::StoredSecret;
use crate::model::references;
use crate::model::references::Place;
use crate::model::references::Reference;
use crate::secret::Secret;
use crate::server::db::Store;
use crate::server::error::Refusal;
use crate::server::store::secrets::At;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

impl Store<'_> {
    /// What the imports of a folder bring, one group an import, in order of their positions: the secrets of
    /// the folder that is seen, then those that it sees itself.
    pub(crate) fn import_groups(&self, at: &At, with_values: bool) -> Result<Vec<Imported>, Refusal> {
        self.groups(at, with_values, &HashSet::new())
    }

    /// Everything that a sync of the folder pushes, by key, references replaced.
    pub(crate) fn payload(&self, at: &At) -> Result<BTreeMap<String, StoredSecret>, Refusal> {
        let mut payload: BTreeMap<String, StoredSecret> = BTreeMap::new();
        let groups = self.import_groups(at, true)?;
        let imported = groups.into_iter().rev().flat_map(|group| group.secrets);
        for secret in self.secrets(at, true)?.into_iter().chain(imported) {
            payload.entry(secret.secret_key.clone()).or_insert(secret);
        }
        let mut expander = Expander::new(self, &at.project);
        for secret in payload.values_mut() {
            expander.expand(secret)?;
        }
        Ok(payload)
    }

    /// `above` holds the folders that were imported on the way here, and those beside them.
    fn groups(&self, at: &At, with_values: bool, above: &HashSet<String>) -> Result<Vec<Imported>, Refusal> {
        let mut imports = Vec::new();
        for import in self.imports(&at.folder)? {
            let source = self.folder_at(&import.import_env.id, &import.import_path)?;
            imports.push((import, source.filter(|source| !above.contains(&source.id))));
        }
        let mut seen = above.clone();
        seen.extend(imports.iter().filter_map(|(_, source)| source.as_ref().map(|source| source.id.clone())));
        let mut groups = Vec::new();
        for (import, source) in imports {
            let mut group = Imported {
                secret_path: import.import_path.clone(),
                environment: import.import_env.slug.clone(),
                folder_id: None,
                secrets: Vec::new(),
            };
            if let Some(source) = source {
                let source = At {
                    project: at.project.clone(),
                    environment: import.import_env.slug,
                    folder: source.id,
                    path: import.import_path,
                };
                group.secrets = self.seen_in(&source, with_values, &seen)?;
                group.folder_id = Some(source.folder);
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// The secrets of a folder, then those of its imports that it does not hold itself.
    fn seen_in(&self, at: &At, with_values: bool, above: &HashSet<String>) -> Result<Vec<StoredSecret>, Refusal> {
        let mut secrets = self.secrets(at, with_values)?;
        let mut keys: HashSet<String> = secrets.iter().map(|secret| secret.secret_key.clone()).collect();
        for group in self.groups(at, with_values, above)?.into_iter().rev() {
            secrets.extend(group.secrets.into_iter().filter(|secret| keys.insert(secret.secret_key.clone())));
        }
        Ok(secrets)
    }
}

/// Replaces references in the values of one project; what was looked up once is kept.
pub(crate) struct Expander<'s> {
    store: &'s Store<'s>,
    project: String,
    found: HashMap<Reference, Option<Secret>>,
}

impl<'s> Expander<'s> {
    /// For a project.
    pub(crate) fn new(store: &'s Store<'s>, project: &str) -> Self {
        Self { store, project: project.to_owned(), found: HashMap::new() }
    }

    /// Replaces the references of a secret, seen from the folder that it is stored in.
    pub(crate) fn expand(&mut self, secret: &mut StoredSecret) -> Result<(), Refusal> {
        let place =
            Place { environment: secret.environment.clone(), path: secret.secret_path.clone().unwrap_or_default() };
        let origin = Reference { place, key: secret.secret_key.clone() };
        let mut failed = None;
        let mut lookup = |reference: &Reference| match self.look_up(reference) {
            Ok(found) => found,
            Err(refusal) => {
                failed.get_or_insert(refusal);
                None
            }
        };
        let value = references::expand(&secret.secret_value, &origin, &mut lookup);
        match failed {
            Some(refusal) => Err(refusal),
            None => {
                secret.secret_value = value;
                Ok(())
            }
        }
    }

    fn look_up(&mut self, reference: &Reference) -> Result<Option<Secret>, Refusal> {
        if let Some(found) = self.found.get(reference) {
            return Ok(found.clone());
        }
        let Reference { place, key } = reference;
        let found = self.store.value_at(&self.project, &place.environment, &place.path, key)?;
        self.found.insert(reference.clone(), found.clone());
        Ok(found)
    }
}
