//! The backend as a place for the ledger: secrets of one folder.
//!
//! The backend replaces no secret conditionally, but it refuses to make one that is there. So a content is a row of secrets whose names count
//! up, `KEYFORM_LEDGER_JSONL_V0000000012`, and the last one is what is there: to replace it is to make the next. A
//! writer that was left far behind could make one that others have passed and taken away; so it looks afterwards
//! whether there is a later one. What is too large for one request is cut into pieces, which the secret names. Values are base64, because
//! the backend trims what it is given and follows references in it.

use crate::api;
use crate::backend::call::Call;
use crate::backend::client::Client;
use crate::backend::read;
use crate::backend::refusal::Failure;
use crate::backend::write;
use crate::backend::write::Place;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Method;
use crate::ledger::store::Found;
use crate::ledger::store::Put;
use crate::ledger::store::Store;
use crate::ledger::store::Version;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;

/// How many bytes of text a secret gets: a request may have 1 MiB.
const PIECE: usize = 512 << 10;

/// How many earlier states are left before they are taken away at once.
const EARLIER: usize = 4;

/// What the names of pieces are for.
const ABOUT: &str = "the ledger";

/// A folder of a project.
pub struct Shelf {
    client: Client,
    /// The project's slug.
    project: String,
    environment: String,
    path: String,
    /// The folder by the project's id.
    found: OnceCell<Place>,
}

impl Shelf {
    /// A folder: the project's slug, the environment's slug, the absolute path. Asks nothing yet.
    #[must_use]
    pub fn new(client: Client, project: &str, environment: &str, path: &str) -> Self {
        let (project, environment) = (project.to_owned(), environment.to_owned());
        let path = format!("/{}", path.trim_matches('/'));
        Self { client, project, environment, path, found: OnceCell::new() }
    }

    async fn folder(&self) -> Result<&Place, Diagnostic> {
        let find = async || {
            let Some(project) = read::project_by_slug(&self.client, &self.project).await? else {
                let detail = format!("There is no project `{}`, or this identity can't see it.", self.project);
                return Err(self.problem(&detail));
            };
            let (environment, path) = (self.environment.clone(), self.path.clone());
            let place = Place { project: project.id.to_string(), environment, path };
            // A list of what is in a folder that is not there is empty, so its parent is asked.
            let (parent, name) = place.split();
            let below = read::folder_list(&self.client, ABOUT, &place.project, &place.environment, &parent).await?;
            let is_it = |folder: &api::folders::Folder| {
                let told = folder.path.as_deref().or(folder.relative_path.as_deref());
                folder.name == name && told.is_none_or(|told| told.trim_matches('/') == self.path.trim_matches('/'))
            };
            match self.path == "/" || below.iter().any(is_it) {
                true => Ok(place),
                false => Err(self.problem("There is no such folder, or this identity can't see it.")),
            }
        };
        self.found.get_or_try_init(find).await
    }

    /// The secrets of the folder by key; without values where they are not needed.
    async fn list(&self, values: bool) -> Result<BTreeMap<String, Secret>, Diagnostic> {
        let Place { project, environment, path } = self.folder().await?;
        let call = Call::new(ABOUT, Method::Get, api::secrets::SECRETS)
            .query("projectId", project)
            .query("environment", environment)
            .query("secretPath", path)
            .query("viewSecretValue", if values { "true" } else { "false" })
            .query("expandSecretReferences", "false");
        let answer: api::secrets::Many = self.client.send(call).await?;
        let hidden = answer.secrets.iter().any(|secret| values && secret.secret_value_hidden);
        if hidden {
            return Err(self.problem("This identity may not read the values of secrets there."));
        }
        Ok(answer.secrets.into_iter().map(|secret| (secret.secret_key, secret.secret_value)).collect())
    }

    async fn read(&self, name: &str) -> Result<Option<Found>, Diagnostic> {
        let all = self.list(true).await?;
        let Some((number, value)) = states(name, all.iter()).next_back() else { return Ok(None) };
        let text = match value.expose().strip_prefix("pieces ") {
            None => Secret::new(value.expose().to_owned()),
            Some(id) => {
                let pieces = all.iter().filter(|(key, _)| key.starts_with(&piece(name, id)));
                Secret::new(pieces.map(|(_, value)| value.expose()).collect())
            }
        };
        let content = STANDARD.decode(text.expose());
        let content =
            content.map_err(|_| self.problem(&format!("`{}` is not what keyform wrote.", state(name, number))))?;
        Ok(Some(Found { content, version: Version(number.to_string()) }))
    }

    async fn write(&self, name: &str, content: &[u8], over: Option<&Version>) -> Result<Put, Diagnostic> {
        let last = match over.map(|version| version.0.parse::<u64>()) {
            None if states(name, self.list(false).await?.iter()).next().is_some() => return Ok(Put::Conflict),
            None => 0,
            Some(Ok(last)) => last,
            Some(Err(_)) => return Ok(Put::Conflict),
        };
        let text = STANDARD.encode(content);
        let value = match text.len() <= PIECE {
            true => text,
            false => {
                let id = uuid::Uuid::new_v4().simple().to_string()[..8].to_uppercase();
                let pieces = text.as_bytes().chunks(PIECE).map(|part| String::from_utf8_lossy(part).into_owned());
                let named = pieces.enumerate().map(|(i, part)| (format!("{}{i:04}", piece(name, &id)), part));
                self.make(named.collect()).await?;
                format!("pieces {id}")
            }
        };
        let own = last + 1;
        let made = self.make(vec![(state(name, own), value)]).await;
        let all = self.list(false).await?;
        let numbers: Vec<u64> = states(name, all.iter()).map(|(number, _)| number).collect();
        if let Err(failure) = made {
            return if numbers.contains(&own) { Ok(Put::Conflict) } else { Err(failure.into()) };
        }
        // Nobody removes the state before the last one: where it is not there, it never was.
        if numbers.last() != Some(&own) || last > 0 && !numbers.contains(&last) {
            self.remove(vec![state(name, own)]).await?;
            return Ok(Put::Conflict);
        }
        let earlier: Vec<String> = numbers.iter().filter(|n| **n < own).map(|number| state(name, *number)).collect();
        if earlier.len() >= EARLIER
            && let Err(why) = self.remove(earlier).await
        {
            tracing::debug!(why = why.detail, "earlier states of the ledger are left over");
        }
        Ok(Put::Done(Version(own.to_string())))
    }

    async fn make(&self, secrets: Vec<(String, String)>) -> Result<(), Failure> {
        let place = self.folder().await.map_err(|why| Failure::settled(why, None))?;
        let item = |(secret_key, value)| api::secrets::CreateItem {
            secret_key,
            new: api::secrets::New::of(Secret::new(value)),
        };
        write::secrets::create(&self.client, ABOUT, place, secrets.into_iter().map(item).collect()).await.map(drop)
    }

    async fn remove(&self, keys: Vec<String>) -> Result<(), Diagnostic> {
        Ok(write::secrets::delete(&self.client, ABOUT, self.folder().await?, keys).await?)
    }

    fn problem(&self, detail: &str) -> Diagnostic {
        let help =
            "make the project, environment and folder first; the identity reads, makes and deletes secrets there";
        Diagnostic::error(&codes::LEDGER_STORE, format!("{}: {detail}", self.place())).help(help)
    }
}

impl Store for Shelf {
    fn place(&self) -> String {
        format!("{}/{}/{}{}", self.client.url(), self.project, self.environment, self.path.trim_end_matches('/'))
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Found>, Diagnostic>> {
        Box::pin(self.read(name))
    }

    fn put<'a>(
        &'a self,
        name: &'a str,
        content: &'a [u8],
        over: Option<&'a Version>,
    ) -> BoxFuture<'a, Result<Put, Diagnostic>> {
        Box::pin(self.write(name, content, over))
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Diagnostic>> {
        Box::pin(async move {
            let own = [base(name) + "_V", base(name) + "_P"];
            let keys = self.list(false).await?.into_keys();
            let keys: Vec<String> = keys.filter(|key| own.iter().any(|own| key.starts_with(own.as_str()))).collect();
            if keys.is_empty() { Ok(()) } else { self.remove(keys).await }
        })
    }
}

/// What the keys of all secrets of a content begin with.
fn base(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("KEYFORM_{}", name.chars().map(letter).collect::<String>())
}

fn state(name: &str, number: u64) -> String {
    format!("{}_V{number:010}", base(name))
}

fn piece(name: &str, id: &str) -> String {
    format!("{}_P{id}_", base(name))
}

/// The states of a content that are there, the earliest first.
fn states<'a>(
    name: &str,
    all: impl DoubleEndedIterator<Item = (&'a String, &'a Secret)>,
) -> impl DoubleEndedIterator<Item = (u64, &'a Secret)> {
    let start = base(name) + "_V";
    all.filter_map(move |(key, value)| Some((key.strip_prefix(&start)?.parse().ok()?, value)))
}
