//! Who asks: logging in with a client secret, and the bearer tokens that it gives.
//!
//! A token is a JWT, because clients read in it whose it is. That it is alive is not in it: a keyed digest is kept, in
//! memory for every request and in the database for the next start.

use crate::api::auth::Login;
use crate::api::auth::Renew;
use crate::api::auth::Token;
use crate::secret::Secret;
use crate::server::App;
use crate::server::Shared;
use crate::server::body::Given;
use crate::server::check;
use crate::server::check::Rule;
use crate::server::check::text;
use crate::server::clock;
use crate::server::crypto::Vault;
use crate::server::data::Credentials;
use crate::server::db::Database;
use crate::server::db::Store;
use crate::server::error::Answer;
use crate::server::error::Refusal;
use axum::Json;
use axum::extract::Request;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::OptionalExtension as _;
use rusqlite::params;
use serde_json::Value;
use serde_json::json;
use std::collections::HashMap;
use std::sync::PoisonError;
use std::sync::RwLock;

/// How long a token lives without renewal, in seconds: a day.
pub(crate) const TOKEN_LIVES: i64 = 86_400;
/// How long it can live at all: thirty days.
const MAX_TTL: i64 = 2_592_000;

const LOGIN: &[Rule] = &[text("clientId").required(), text("clientSecret").required()];
const RENEW: &[Rule] = &[text("accessToken").required()];

type Digest = [u8; 32];

/// The tokens that are alive.
pub(crate) struct Tokens(RwLock<HashMap<Digest, Times>>);

#[derive(Clone, Copy)]
struct Times {
    expires: i64,
    last: i64,
}

impl Tokens {
    /// Those of the last run that are still alive.
    pub(crate) fn load(store: &Store<'_>) -> Result<Self, Refusal> {
        store.sql.execute("DELETE FROM tokens WHERE max_expires_at < ?", [clock::seconds()])?;
        let mut statement = store.sql.prepare("SELECT hash, expires_at, max_expires_at FROM tokens")?;
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, Times { expires: row.get(1)?, last: row.get(2)? })))?;
        Ok(Self(RwLock::new(rows.collect::<Result<_, _>>()?)))
    }

    fn get(&self, digest: &Digest) -> Option<Times> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(digest).copied()
    }

    fn put(&self, digest: Digest, times: Times) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(digest, times);
    }

    fn remove(&self, digest: &Digest) -> bool {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(digest).is_some()
    }
}

/// Keeps an identity, so that it can log in: its secret only as a digest.
pub(crate) fn keep(store: &Store<'_>, credentials: &Credentials) -> Result<(), Refusal> {
    let secret = store.vault.digest(credentials.client_secret.expose());
    store.sql.execute(
        "INSERT INTO identities (id, name, client_id, secret_hash, created_at) VALUES (?, 'admin', ?, ?, ?)
         ON CONFLICT (client_id) DO UPDATE SET secret_hash = excluded.secret_hash",
        params![clock::id(), credentials.client_id, secret, clock::now()],
    )?;
    // The identity of this start is the only one.
    store.sql.execute("DELETE FROM identities WHERE client_id <> ?", [&credentials.client_id])?;
    Ok(())
}

/// Refuses a token that is there and bad, also on routes that need none.
pub(crate) async fn look(State(app): State<Shared>, request: Request, next: Next) -> Result<Response, Refusal> {
    if let Some(token) = bearer(&request) {
        verify(&app, token)?;
    }
    Ok(next.run(request).await)
}

/// Refuses requests without a good token.
pub(crate) async fn demand(State(app): State<Shared>, request: Request, next: Next) -> Result<Response, Refusal> {
    admit(&app, &request)?;
    Ok(next.run(request).await)
}

/// Whether a request has a good token.
pub(crate) fn admit(app: &App, request: &Request) -> Result<(), Refusal> {
    verify(app, bearer(request).ok_or(Refusal::unknown_caller("Token missing"))?)
}

/// Whatever follows a scheme and a space: seven characters.
fn bearer(request: &Request) -> Option<&str> {
    Some(request.headers().get(AUTHORIZATION)?.to_str().ok()?.get(7..).unwrap_or_default())
}

fn verify(app: &App, token: &str) -> Result<(), Refusal> {
    if token.is_empty() {
        return Err(Refusal::new(403, "TokenError", "jwt must be provided"));
    }
    let refused = |why: &'static str| Err(Refusal::new(403, "TokenError", why));
    let Some((text, signature)) = token.rsplit_once('.').filter(|_| token.matches('.').count() == 2) else {
        return refused(
            "The provided access token is malformed. Please use a valid token or generate a new one and try again.",
        );
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let head = text.split('.').next().map(decoded).unwrap_or_default();
    if serde_json::from_slice::<Value>(&head).is_err() {
        return refused("invalid token");
    }
    if signature.is_empty() {
        return refused("jwt signature is required");
    }
    if !app.db.vault().has_digest(text, &decoded(signature)) {
        return refused("invalid signature");
    }
    match app.tokens.get(&app.db.vault().digest(token)) {
        None => Err(Refusal::unknown_caller("No identity access token found")),
        Some(times) if times.expires <= clock::seconds() => {
            Err(Refusal::new(403, "TokenError", "Your token has expired. Please re-authenticate."))
        }
        Some(_) => Ok(()),
    }
}

/// `POST /api/v1/auth/universal-auth/login`
pub(crate) async fn login(State(app): State<Shared>, Given(fields): Given) -> Answer<Token> {
    let asked: Login = check::read(fields, LOGIN)?;
    let now = clock::seconds();
    let times = Times { expires: now + TOKEN_LIVES, last: now + MAX_TTL };
    let (token, digest) = app
        .db
        .run(move |store| {
            let found: Option<(String, Vec<u8>)> = store
                .sql
                .query_row("SELECT id, secret_hash FROM identities WHERE client_id = ?", [&asked.client_id], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let wrong = Refusal::unknown_caller("Invalid credentials");
            let Some((identity, hash)) = found else {
                return Err(wrong.once(404, "NotFound", "No identity with specified client ID was found"));
            };
            if !store.vault.has_digest(asked.client_secret.expose(), &hash) {
                return Err(wrong);
            }
            let token = signed(store.vault, &identity, times);
            let digest = store.vault.digest(token.expose());
            store.sql.execute(
                "INSERT INTO tokens (hash, identity_id, expires_at, max_expires_at) VALUES (?, ?, ?, ?)",
                params![digest, identity, times.expires, times.last],
            )?;
            Ok((token, digest))
        })
        .await?;
    app.tokens.put(digest, times);
    Ok(Json(answer(token, times, now)))
}

/// A new token of an identity.
fn signed(vault: &Vault, identity: &str, times: Times) -> Secret {
    let head = json!({ "alg": "HS256", "typ": "JWT" });
    let claims = json!({
        "identityId": identity,
        "identityAccessTokenId": clock::id(),
        "authTokenType": "identityAccessToken",
        "exp": times.last,
    });
    let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = vault.digest(&text);
    Secret::new(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// `POST /api/v1/auth/token/renew`
pub(crate) async fn renew(State(app): State<Shared>, Given(fields): Given) -> Answer<Token> {
    let asked: Renew = check::read(fields, RENEW)?;
    verify(&app, asked.access_token.expose())?;
    let digest = app.db.vault().digest(asked.access_token.expose());
    let now = clock::seconds();
    let times = app.tokens.get(&digest).ok_or(Refusal::unknown_caller("No identity access token found"))?;
    if now + TOKEN_LIVES > times.last {
        end(&app.db, &app.tokens, digest).await?;
        return Err(Refusal::unknown_caller("Failed to renew MI access token past its Max TOKEN_LIVES expiration"));
    }
    let times = Times { expires: now + TOKEN_LIVES, ..times };
    app.db
        .run(move |store| {
            store.sql.execute("UPDATE tokens SET expires_at = ? WHERE hash = ?", params![times.expires, digest])?;
            Ok(())
        })
        .await?;
    app.tokens.put(digest, times);
    Ok(Json(answer(asked.access_token, times, now)))
}

/// `POST /api/v1/auth/token/revoke`
pub(crate) async fn revoke(State(app): State<Shared>, Given(fields): Given) -> Answer<Value> {
    let asked: Renew = check::read(fields, RENEW)?;
    verify(&app, asked.access_token.expose())?;
    end(&app.db, &app.tokens, app.db.vault().digest(asked.access_token.expose())).await?;
    Ok(Json(json!({"message": "Successfully revoked access token"})))
}

async fn end(db: &Database, tokens: &Tokens, digest: Digest) -> Result<(), Refusal> {
    if !tokens.remove(&digest) {
        return Err(Refusal::unknown_caller("No identity access token found"));
    }
    db.run(move |store| {
        store.sql.execute("DELETE FROM tokens WHERE hash = ?", [digest])?;
        Ok(())
    })
    .await
}

fn answer(token: Secret, times: Times, now: i64) -> Token {
    let seconds = |until: i64| u64::try_from(until - now).unwrap_or(0);
    Token {
        access_token: token,
        expires_in: seconds(times.expires),
        access_token_max_ttl: seconds(times.last),
        token_type: "Bearer".to_owned(),
    }
}
