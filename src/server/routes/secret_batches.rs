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
use crate::server::check::Rule;
use crate::server::check::bool;
use crate::server::check::int;
use crate::server::check::list;
use crate::server::check::one_of;
use crate::server::check::raw;
use crate::server::check::text;
use crate::server::check::texts;
use crate::server::db::Store;
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
const DELETE: &[Rule] = &[PROJECT, ENVIRONMENT, PATH, list("secrets", 1, &[KEY]).required()];

pub(super) fn routes() -> Routes {
    let all = ["/api/v4/secrets/batch", "/api/v3/secrets/batch/raw"];
    at(&all, &post(create).patch(update).delete(delete))
}

async fn create(State(app): State<Shared>, Given(fields): Given) -> Answer<Many> {
    let mut asked: CreateBatch = check::read(newest(fields), CREATE)?;
    for item in &mut asked.secrets {
        item.secret_key = legal(&item.secret_key, "secretKey")?;
    }
    let secrets = app.db.run(move |store| {
        let place = &asked.place;
        let at = store.place(&place.project_id, &place.environment, &place.secret_path, "CreateManySecret")?;
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
    app.jobs.ring();
    Ok(many(secrets))
}

async fn update(State(app): State<Shared>, Given(fields): Given) -> Answer<Many> {
    let asked: UpdateBatch = check::read(newest(fields), UPDATE)?;
    let upsert = asked.mode.as_deref() == Some("upsert");
    for item in &asked.secrets {
        legal_change(&item.change)?;
        if upsert {
            legal(&item.secret_key, "secretKey")?;
        }
    }
    let secrets = app.db.run(move |store| {
        let place = &asked.place;
        let at = store.place(&place.project_id, &place.environment, &place.secret_path, "UpdateManySecret")?;
        let mut made = Vec::with_capacity(asked.secrets.len());
        let mut missing = Vec::new();
        for item in &asked.secrets {
            match store.update_secret(&at, &item.secret_key, &item.change)? {
                Some(secret) => made.push(secret),
                None if upsert => made.push(insert(store, &at, item)?),
                None => missing.push(item.secret_key.as_str()),
            }
        }
        if !missing.is_empty() && asked.mode.as_deref() != Some("ignore") {
            return Err(Refusal::missing(format!("Secret does not exist: {}", missing.join(","))));
        }
        touched(store, &at)?;
        Ok(made)
    });
    let secrets = secrets.await?;
    app.jobs.ring();
    Ok(many(secrets))
}

async fn delete(State(app): State<Shared>, Given(fields): Given) -> Answer<Many> {
    let asked: DeleteBatch = check::read(newest(fields), DELETE)?;
    let secrets = app.db.run(move |store| {
        let place = &asked.place;
        let at = store.place(&place.project_id, &place.environment, &place.secret_path, "DeleteManySecret")?;
        let mut gone = Vec::with_capacity(asked.secrets.len());
        let mut missing = Vec::new();
        for item in &asked.secrets {
            match store.delete_secret(&at, &item.secret_key)? {
                Some(secret) => gone.push(secret),
                None => missing.push(item.secret_key.as_str()),
            }
        }
        if !missing.is_empty() {
            return Err(Refusal::missing(format!("One or more secrets does not exist: {}", missing.join(","))));
        }
        touched(store, &at)?;
        Ok(gone)
    });
    let secrets = secrets.await?;
    app.jobs.ring();
    Ok(many(secrets))
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
