//! Refusals: every answer that is not a success, in the shape of the newest dialect.

use crate::api::Failure;
use crate::api::Issue;
use crate::api::Message;
use crate::server::crypto::Unopened;
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use std::borrow::Cow;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) message: Message,
}

/// What a handler gives.
pub(crate) type Answer<T> = Result<Json<T>, Refusal>;

impl Refusal {
    /// With a status, the name of the kind, and a sentence.
    pub(crate) fn new(status: u16, error: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, error, message: Message::Text(message.into().into_owned()) }
    }

    /// 400: a rule is broken, or something of that name exists.
    pub(crate) fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 404: the thing is not there.
    pub(crate) fn missing(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(404, "NotFound", message)
    }

    /// 401: who asks is not known.
    pub(crate) fn unknown_caller(message: &'static str) -> Self {
        Self::new(401, "UnauthorizedError", message)
    }

    /// 422: the request's shape.
    pub(crate) fn invalid(issues: Vec<Issue>) -> Self {
        Self { status: 422, error: "ValidationFailure", message: Message::Issues(issues) }
    }

    /// 500: our own fault. What happened goes to the log, never into the answer.
    pub(crate) fn internal(error: &'static str) -> Self {
        Self::new(500, error, "Something went wrong")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let number: u64 = rand::random();
        let failure = Failure {
            req_id: Some(format!("req-{number:016x}")),
            status_code: self.status,
            message: self.message,
            error: self.error.to_owned(),
        };
        (status, Json(failure)).into_response()
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        // The code only: the text of an error may quote a value.
        tracing::error!(code = ?error.sqlite_error_code(), "the database refused a statement");
        Self::internal("DatabaseError")
    }
}

impl From<Unopened> for Refusal {
    fn from(_: Unopened) -> Self {
        tracing::error!("a sealed value did not open: it was changed outside, or moved to another row");
        Self::new(400, "CryptographyError", "A stored value could not be decrypted")
    }
}
