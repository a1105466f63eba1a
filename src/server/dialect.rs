//! Which server this one speaks as. The routes are written in the newest dialect; here is what was otherwise
//! in October 2024 as far as it follows a rule: which addresses there were, and which fields objects had.
//!
//! What follows no rule stands where it happens: [`crate::server::error::Refusal::once`] for other refusals, the tables
//! of rules whose names end in `_2024` for other requests. All of it was observed at a server of that time.

use crate::server::Shared;
use crate::server::auth;
use crate::server::check::Fields;
use crate::server::error::Refusal;
use crate::server::routes::outer::no_route;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use serde_json::Value;

/// Which server's words are spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Those of the newest one.
    #[default]
    Newest,
    /// Those of a server of October 2024.
    October2024,
}

/// What addresses that came later start with; `*` is any segment.
const LATER: &[&str] = &[
    "/api/v1/app-connections",
    "/api/v1/identities/details",
    "/api/v1/project-templates",
    "/api/v1/projects",
    "/api/v1/secret-syncs",
    "/api/v2/folders",
    "/api/v2/secret-imports",
    "/api/v2/workspace/*/roles",
    "/api/v3/secrets/raw/id/*",
    "/api/v4",
];

/// Addresses that were for people who had logged in to the web page, and for no machine identity.
const FOR_PEOPLE: &[&str] = &[
    "/api/v1/integration-auth/*/apps",
    "/api/v1/organization/*",
    "/api/v1/organizations/*/plan",
    "/api/v1/secret/*/secret-versions",
    "/api/v1/webhooks",
    "/api/v1/workspace/*/name",
    "/api/v2/service-token",
];

/// Most bytes of an answer: more than any listing has.
const MOST: usize = 64 << 20;

/// The fields that an object had in October 2024.
struct Shape {
    /// A field that no other object has.
    known_by: &'static str,
    /// All that it could have.
    fields: &'static [&'static str],
    /// Those that were always there, if only as `null`.
    at_least: &'static [&'static str],
}

const SHAPES: &[Shape] = &[
    Shape {
        known_by: "autoCapitalization",
        fields: &[
            "_id",
            "auditLogsRetentionDays",
            "autoCapitalization",
            "createdAt",
            "environments",
            "id",
            "kmsCertificateKeyId",
            "name",
            "orgId",
            "pitVersionLimit",
            "slug",
            "updatedAt",
            "upgradeStatus",
            "version",
        ],
        at_least: &["auditLogsRetentionDays", "kmsCertificateKeyId", "upgradeStatus"],
    },
    Shape {
        known_by: "parentId",
        fields: &[
            "createdAt",
            "envId",
            "environment",
            "id",
            "isReserved",
            "name",
            "parentId",
            "projectId",
            "updatedAt",
            "version",
        ],
        at_least: &[],
    },
    Shape {
        known_by: "importPath",
        fields: &[
            "createdAt",
            "environment",
            "folderId",
            "id",
            "importEnv",
            "importPath",
            "isReplication",
            "isReplicationSuccess",
            "isReserved",
            "lastReplicated",
            "position",
            "projectId",
            "replicationStatus",
            "secretPath",
            "updatedAt",
            "version",
        ],
        at_least: &["isReplicationSuccess", "lastReplicated", "replicationStatus"],
    },
];

/// What every secret told.
const SECRET: &[&str] = &[
    "_id",
    "environment",
    "id",
    "metadata",
    "secretComment",
    "secretKey",
    "secretValue",
    "skipMultilineEncoding",
    "type",
    "version",
    "workspace",
];

impl Dialect {
    /// One of two: that of the newest dialect, or that of October 2024.
    pub(crate) fn pick<T>(self, newest: T, once: T) -> T {
        match self {
            Self::Newest => newest,
            Self::October2024 => once,
        }
    }

    /// Refuses a text that was too long for its column in October 2024; `error` is what failed.
    pub(crate) fn stored(self, text: &str, error: &'static str) -> Result<(), Refusal> {
        match self == Self::Newest || text.encode_utf16().count() <= 255 {
            true => Ok(()),
            false => Err(Refusal::internal(error)),
        }
    }

    /// Refuses a path that a server of October 2024 failed on: only letters, digits, dashes and underscores between
    /// the slashes.
    pub(crate) fn readable(self, path: &str) -> Result<(), Refusal> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        match self == Self::Newest || path.chars().all(is_known) {
            true => Ok(()),
            false => Err(Refusal::internal("Find by secret path")),
        }
    }
}

/// Makes every answer one of the dialect that is spoken.
pub(super) async fn speak(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let is_old = app.dialect == Dialect::October2024;
    let method = request.method().clone();
    let path = request.uri().path();
    if is_old && LATER.iter().any(|pattern| starts(path, pattern)) {
        return no_route(method, request.uri().clone()).await;
    }
    let mut response = match is_old && FOR_PEOPLE.iter().any(|pattern| starts(path, pattern)) {
        true => auth::admit(&app, &request).err().unwrap_or_else(|| for_people(request.uri())).into_response(),
        false => next.run(request).await,
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let (status, body) = refusal.said(app.dialect);
        return with_headers_of(response, (status, body).into_response());
    }
    match is_old && response.status() == StatusCode::OK {
        true => as_of_2024(&method, response).await,
        false => response,
    }
}

/// Whether a path is a pattern, or below it.
fn starts(path: &str, pattern: &str) -> bool {
    let mut segments = path.split('/');
    pattern.split('/').all(|wanted| segments.next().is_some_and(|segment| wanted == "*" || wanted == segment))
}

fn for_people(uri: &Uri) -> Refusal {
    Refusal::new(403, format!("Forbidden access to {uri}"), "You are not allowed to access this resource")
}

/// Puts the headers that layers have set so far on another answer.
fn with_headers_of(from: Response, mut to: Response) -> Response {
    for (name, value) in from.headers().iter().filter(|(name, _)| **name != header::CONTENT_LENGTH) {
        to.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    to
}

async fn as_of_2024(method: &Method, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MOST).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    reshape(&mut value);
    reshape_secrets(&mut value, *method == Method::GET);
    let text = value.to_string();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
    Response::from_parts(parts, Body::from(text))
}

/// Takes away what objects did not have yet.
fn reshape(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(reshape),
        Value::Object(fields) => {
            fields.values_mut().for_each(reshape);
            let Some(shape) = SHAPES.iter().find(|shape| fields.contains_key(shape.known_by)) else { return };
            // A folder told its path only where it told its environment.
            let is_located = fields.contains_key("environment");
            fields.retain(|name, _| shape.fields.contains(&name.as_str()) || (name == "path" && is_located));
            fill(fields, shape.at_least);
        }
        _ => {}
    }
}

/// A secret told more or less of itself, depending on where it stood.
fn reshape_secrets(value: &mut Value, is_read: bool) {
    const TIMES: &[&str] = &["createdAt", "updatedAt"];
    const REMINDER: &[&str] = &["secretReminderNote", "secretReminderRepeatDays"];
    if let Some(secret) = value.get_mut("secret") {
        keep(secret, &[TIMES, REMINDER, if is_read { &["tags"] } else { &[] }]);
    }
    for secret in value.get_mut("secrets").and_then(Value::as_array_mut).into_iter().flatten() {
        match secret.get_mut("secrets").and_then(Value::as_array_mut) {
            // Groups of imported secrets.
            Some(imported) => imported.iter_mut().for_each(|secret| imported_secret(secret, TIMES)),
            None => keep(secret, &[TIMES, REMINDER, if is_read { &["secretPath", "tags"] } else { &[] }]),
        }
    }
    for group in value.get_mut("imports").and_then(Value::as_array_mut).into_iter().flatten() {
        let imported = group.get_mut("secrets").and_then(Value::as_array_mut).into_iter().flatten();
        imported.for_each(|secret| imported_secret(secret, &[]));
        // Of a folder that was gone there is no id.
        group.as_object_mut().into_iter().for_each(|group| group.retain(|_, value| !value.is_null()));
    }
}

/// An imported secret did not tell its project.
fn imported_secret(secret: &mut Value, more: &[&str]) {
    keep(secret, &[more]);
    if let Some(workspace) = secret.get_mut("workspace") {
        *workspace = Value::from("");
    }
}

fn keep(secret: &mut Value, more: &[&[&str]]) {
    let Some(fields) = secret.as_object_mut().filter(|fields| fields.contains_key("secretKey")) else { return };
    fields.retain(|name, _| SECRET.contains(&name.as_str()) || more.iter().any(|more| more.contains(&name.as_str())));
    fill(fields, &["metadata"]);
}

fn fill(fields: &mut Fields, names: &[&str]) {
    for name in names {
        fields.entry(*name).or_insert(Value::Null);
    }
}
