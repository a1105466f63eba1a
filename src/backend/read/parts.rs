//! The requests for parts of projects, all at once, and where their answers are kept.

use crate::backend::client::Client;
use crate::backend::read::AT_ONCE;
use crate::backend::read::Mention;
use crate::backend::read::folders;
use crate::backend::read::imports;
use crate::backend::read::position;
use crate::backend::read::secrets;
use crate::backend::read::syncs;
use crate::backend::read::tags;
use crate::backend::state::Environment;
use crate::backend::state::Folder;
use crate::backend::state::FolderInfo;
use crate::backend::state::Import;
use crate::backend::state::Project;
use crate::backend::state::State;
use crate::backend::state::Stored;
use crate::backend::state::Sync;
use crate::backend::state::Tag;
use crate::backend::state::Thing;
use crate::backend::things;
use crate::backend::things::Scope;
use crate::diag::Diagnostic;
use crate::model::resource::Kind;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// One request of a read: of a project (slug, id), and of what in it.
pub(super) enum Part {
    Tags(Arc<str>, Arc<str>),
    Syncs(Arc<str>, Arc<str>),
    Things(Scope, Kind, BTreeSet<Arc<str>>),
    Position(Arc<str>, Arc<str>, Arc<str>),
    Folders(Arc<str>, Arc<str>, Arc<str>),
    Secrets(Arc<str>, Arc<str>, Arc<str>),
    Imports(Arc<str>, Arc<str>, Folder),
}

/// Its answer.
enum Answer {
    Tags(Arc<str>, Result<Vec<Tag>, Diagnostic>),
    Syncs(Arc<str>, Result<Vec<Sync>, Diagnostic>),
    Things(Arc<str>, Kind, Result<Vec<Thing>, Diagnostic>),
    Position(Arc<str>, Arc<str>, Result<i64, Diagnostic>),
    Folders(Arc<str>, Arc<str>, Result<BTreeMap<Arc<str>, FolderInfo>, Diagnostic>),
    Secrets(Arc<str>, Arc<str>, Result<Vec<Stored>, Diagnostic>),
    Imports(Arc<str>, Folder, Result<Vec<Import>, Diagnostic>),
}

pub(super) fn parts_of(project: &Project, mention: &Mention) -> Vec<Part> {
    let (slug, id) = (&project.slug, &project.id);
    let mut parts = Vec::new();
    if mention.tags {
        parts.push(Part::Tags(slug.clone(), id.clone()));
    }
    if mention.syncs {
        parts.push(Part::Syncs(slug.clone(), id.clone()));
    }
    let scope = || Scope { name: slug.clone(), id: id.clone() };
    parts.extend(mention.things.iter().map(|(kind, names)| Part::Things(scope(), *kind, names.clone())));
    for (name, environment) in &mention.environments {
        if project.environment(name).is_none() {
            continue;
        }
        if environment.position {
            parts.push(Part::Position(slug.clone(), id.clone(), name.clone()));
        }
        if environment.folders {
            parts.push(Part::Folders(slug.clone(), id.clone(), name.clone()));
        }
        if environment.secrets {
            parts.push(Part::Secrets(slug.clone(), id.clone(), name.clone()));
        }
    }
    let imports = mention.imports.iter().chain(&mention.sources).collect::<BTreeSet<_>>();
    let known = imports.into_iter().filter(|(environment, _)| project.environment(environment).is_some());
    parts.extend(known.map(|folder| Part::Imports(slug.clone(), id.clone(), folder.clone())));
    parts
}

pub(super) async fn run(client: &Client, state: &mut State, parts: Vec<Part>) {
    let mut answers = futures_util::stream::iter(parts.iter().map(|part| ask(client, state, part)))
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for answer in answers.drain(..) {
        keep(state, answer);
    }
}

async fn ask(client: &Client, state: &State, part: &Part) -> Answer {
    match part {
        Part::Tags(slug, id) => Answer::Tags(slug.clone(), tags(client, slug, id).await),
        Part::Syncs(slug, id) => Answer::Syncs(slug.clone(), syncs(client, slug, id).await),
        Part::Things(scope, kind, names) => {
            Answer::Things(scope.name.clone(), *kind, things::list(client, *kind, scope, names).await)
        }
        Part::Position(slug, id, env) => {
            let env_id = state.projects.get(slug).and_then(|p| p.environment(env)).map(|e| e.id.clone());
            let position = position(client, slug, id, &env_id.unwrap_or_default()).await;
            Answer::Position(slug.clone(), env.clone(), position)
        }
        Part::Folders(slug, id, env) => {
            Answer::Folders(slug.clone(), env.clone(), folders(client, slug, id, env).await)
        }
        Part::Secrets(slug, id, env) => {
            Answer::Secrets(slug.clone(), env.clone(), secrets(client, slug, id, env, "/", true).await)
        }
        Part::Imports(slug, id, folder) => {
            Answer::Imports(slug.clone(), folder.clone(), imports(client, slug, id, folder).await)
        }
    }
}

fn keep(state: &mut State, answer: Answer) {
    fn environment<'a>(state: &'a mut State, slug: &str, name: &str) -> Option<&'a mut Environment> {
        state.projects.get_mut(slug)?.environments.iter_mut().find(|e| &*e.slug == name)
    }
    match answer {
        Answer::Tags(slug, tags) => {
            if let Some(project) = state.projects.get_mut(&slug) {
                project.tags = Some(tags);
            }
        }
        Answer::Syncs(slug, syncs) => {
            if let Some(project) = state.projects.get_mut(&slug) {
                project.syncs = Some(syncs);
            }
        }
        Answer::Things(slug, kind, things) => {
            if let Some(project) = state.projects.get_mut(&slug) {
                project.things.insert(kind, things);
            }
        }
        Answer::Imports(slug, folder, imports) => {
            if let Some(project) = state.projects.get_mut(&slug) {
                project.imports.insert(folder, imports);
            }
        }
        Answer::Position(slug, name, position) => {
            if let Some(environment) = environment(state, &slug, &name) {
                environment.position = Some(position);
            }
        }
        Answer::Folders(slug, name, folders) => {
            if let Some(environment) = environment(state, &slug, &name) {
                environment.folders = Some(folders);
            }
        }
        Answer::Secrets(slug, name, secrets) => {
            if let Some(environment) = environment(state, &slug, &name) {
                environment.secrets = Some(secrets);
            }
        }
    }
}
