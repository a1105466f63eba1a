//! Secrets in batches: all or nothing.

use crate::api::secrets::CreateBatch;
use crate::api::secrets::DeleteBatch;
use crate::api::secrets::Many;
use crate::api::secrets::New;
use crate::api::secrets::StoredSecret;
use crate::api::secrets::UpdateBatch;
use crate::api::secrets::UpdateItem;
use crate::secret::Secret;
use crate::server::Shared;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Fields;
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::list;
use crate::server::check::one_of;
use crate::server::check::raw;
use crate::server::check::text;
use crate::server::check::texts;
use crate::server::db::Store;
use crate::server::dialect::Dialect;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use crate::server::routes::Routes;
use crate::server::routes::at;
use crate::server::routes::secrets::ENVIRONMENT;
use crate::server::routes::secrets::METADATA;
use crate::server::routes::secrets::PATH;
use crate::server::routes::secrets::PROJECT;
use crate::server::routes::secrets::legal;
use crate::server::routes::secrets::legal_change;
use crate::server::routes::secrets::located;
use crate::server::routes::secrets::newest;
use crate::server::routes::secrets::touched;
use crate::server::store::secrets::At;
use axum::Json;
use axum::extract::State;
use axum::routing::post;

const KEY: Rule = text("secretKey").required();
const CREATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    list(
        "secrets",
        1,
        &[
            KEY,
            raw("secretValue").required(),
            text("secretComment"),
            METADATA,
            texts("tagIds"),
            bool("skipMultilineEncoding"),
            text("secretReminderNote").length(0, 1024),
            int("secretReminderRepeatDays", 1, 365),
        ],
    )
    .required(),
];
const UPDATE: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    one_of("mode", &["failOnNotFound", "upsert", "ignore"]),
    list(
        "secrets",
        1,
        &[
            KEY,
            raw("secretValue"),
            text("secretComment"),
            METADATA,
            texts("tagIds"),
            bool("skipMultilineEncoding"),
            text("newSecretName").length(1, usize::MAX),
            text("secretReminderNote").length(0, 1024),
            int("secretReminderRepeatDays", 1, 365),
        ],
    )
    .required(),
];
const CREATE_2024: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    list(
        "secrets",
        1,
        &[
            KEY,
            raw("secretValue").required(),
            text("secretComment"),
            texts("tagIds"),
            bool("skipMultilineEncoding"),
            text("secretReminderNote").length(0, 1024),
            int("secretReminderRepeatDays", 1, 365),
        ],
    )
    .required(),
];
const UPDATE_2024: &[Rule] = &[
    PROJECT,
    ENVIRONMENT,
    PATH,
    list(
        "secrets",
        1,
        &[
            KEY,
            raw("secretValue").required(),
            text("secretComment"),
            texts("tagIds"),
            bool("skipMultilineEncoding"),
            text("newSecretName").length(1, usize::MAX),
            text("secretReminderNote").length(0, 1024),
            int("secretReminderRepeatDays", 1, 365),
        ],
    )
    .required(),
];
const DELETE: &[Rule] = &[PROJECT, ENVIRONMENT, PATH, list("secrets", 1, &[KEY]).required()];

pub(super) fn routes() -> Routes {
    let all = ["/api/v4/secrets/batch", "/api/v3/secrets/batch/raw"];
    at(&all, &post(create).patch(update).delete(delete))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<Many> {
    let dialect = app.dialect;
    let mut asked: CreateBatch = check::read_in(dialect, given(dialect, fields)?, CREATE, CREATE_2024)?;
    for item in &mut asked.secrets {
        item.secret_key = legal(dialect, &item.secret_key, "secretKey")?;
    }
    let secrets = app.db.run(move |store| {
        let at = located(store, dialect, &asked.place, "CreateManySecret")?;
        let mut made = Vec::with_capacity(asked.secrets.len());
        let mut taken = Vec::new();
        for item in &asked.secrets {
            match store.create_secret(&at, &item.secret_key, &item.new)? {
                Some(secret) => made.push(secret),
                None => taken.push(item.secret_key.as_str()),
            }
        }
        if !taken.is_empty() {
            return Err(Refusal::bad(format!("Secret already exist: {}", taken.join(","))));
        }
        touched(store, &at)?;
        Ok(made)
    });
    let secrets = secrets.await?;
    Ok(many(secrets))
}

async fn update(State(app): State<Shared>, Given(fields): Given) -> Answer<Many> {
    let dialect = app.dialect;
    let asked: UpdateBatch = check::read_in(dialect, given(dialect, fields)?, UPDATE, UPDATE_2024)?;
    let upsert = asked.mode.as_deref() == Some("upsert");
    for item in &asked.secrets {
        legal_change(dialect, &item.change)?;
        if upsert {
            legal(dialect, &item.secret_key, "secretKey")?;
        }
    }
    let secrets = app.db.run(move |store| {
        let at = located(store, dialect, &asked.place, "UpdateManySecret")?;
        let mut made = Vec::with_capacity(asked.secrets.len());
        let mut keys = Keys::default();
        for item in &asked.secrets {
            // A key that comes twice is missing the second time.
            let made_once = match keys.is_new(&item.secret_key) {
                true => store.update_secret(&at, &item.secret_key, &item.change)?,
                false => None,
            };
            match made_once {
                Some(secret) => {
                    made.push(secret);
                    keys.found.push(&item.secret_key);
                }
                None if upsert => made.push(insert(store, &at, item)?),
                None => keys.missing.push(&item.secret_key),
            }
        }
        if asked.mode.as_deref() != Some("ignore") {
            keys.refuse_missing("Secret does not exist")?;
        }
        touched(store, &at)?;
        Ok(made)
    });
    let secrets = secrets.await?;
    Ok(many(secrets))
}

async fn delete(State(app): State<Shared>, Given(fields): Given) -> Answer<Many> {
    let dialect = app.dialect;
    let asked: DeleteBatch = check::read(given(dialect, fields)?, DELETE)?;
    let secrets = app.db.run(move |store| {
        let at = located(store, dialect, &asked.place, "DeleteManySecret")?;
        let mut gone = Vec::with_capacity(asked.secrets.len());
        let mut keys = Keys::default();
        for item in &asked.secrets {
            match store.delete_secret(&at, &item.secret_key)? {
                Some(secret) => {
                    gone.push(secret);
                    keys.found.push(&item.secret_key);
                }
                None => keys.missing.push(&item.secret_key),
            }
        }
        keys.refuse_missing("One or more secrets does not exist")?;
        touched(store, &at)?;
        Ok(gone)
    });
    let secrets = secrets.await?;
    Ok(many(secrets))
}

/// Which keys of a batch were found.
#[derive(Default)]
struct Keys<'a> {
    found: Vec<&'a str>,
    missing: Vec<&'a str>,
}

impl Keys<'_> {
    fn is_new(&self, key: &str) -> bool {
        !self.found.contains(&key)
    }

    /// In October 2024 the refusal named the wrong ones: those that were found.
    fn refuse_missing(&self, words: &str) -> Result<(), Refusal> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let said = |keys: &[&str]| format!("{words}: {}", keys.join(","));
        Err(Refusal::missing(said(&self.missing)).once(404, "NotFound", said(&self.found)))
    }
}

/// The fields under their newest names; a project must be among them.
fn given(dialect: Dialect, fields: Fields) -> Result<Fields, Refusal> {
    let fields = newest(fields);
    match dialect == Dialect::October2024 && !fields.contains_key("projectId") {
        true => Err(Refusal::bad("Must provide either project slug or projectId")),
        false => Ok(fields),
    }
}

/// Makes the secret that an upsert did not find.
fn insert(store: &Store<'_>, at: &At, item: &UpdateItem) -> Result<StoredSecret, Refusal> {
    let change = &item.change;
    let new = New {
        secret_comment: change.secret_comment.clone().unwrap_or_default(),
        secret_metadata: change.secret_metadata.clone(),
        tag_ids: change.tag_ids.clone(),
        skip_multiline_encoding: change.skip_multiline_encoding,
        secret_reminder_note: change.secret_reminder_note.clone(),
        secret_reminder_repeat_days: change.secret_reminder_repeat_days,
        ..New::of(change.secret_value.clone().unwrap_or_else(|| Secret::new(String::new())))
    };
    let key = change.new_secret_name.as_deref().unwrap_or(&item.secret_key);
    store.create_secret(at, key, &new)?.ok_or(Refusal::bad("Secret with the new name already exist"))
}

fn many(secrets: Vec<StoredSecret>) -> Json<Many> {
    Json(Many { secrets, imports: None, approval: None })
}
