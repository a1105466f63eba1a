//! Refusals: every answer that is not a success. A refusal is data until the last layer makes an answer of
//! it in the dialect that is spoken.

use crate::api::Failure;
use crate::api::Issue;
use crate::api::Message;
use crate::server::crypto::Unopened;
use crate::server::dialect::Dialect;
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use std::borrow::Cow;

/// Why a request is refused.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: Cow<'static, str>,
    pub(crate) message: Message,
    /// What a server of October 2024 said, where that follows no rule.
    once: Option<Box<Refusal>>,
}

/// What a handler gives.
pub(crate) type Answer<T> = Result<Json<T>, Refusal>;

/// What a server says of its own faults.
const WRONG: &str = "Something went wrong";

impl Refusal {
    /// With a status, the name of the kind, and a sentence.
    pub(crate) fn new(status: u16, error: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, error: error.into(), message: Message::Text(message.into().into_owned()), once: None }
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
        Self { status: 422, error: "ValidationFailure".into(), message: Message::Issues(issues), once: None }
    }

    /// 500: our own fault. What happened goes to the log, never into the answer.
    pub(crate) fn internal(error: &'static str) -> Self {
        Self::new(500, error, WRONG)
    }

    /// What a server of October 2024 said instead.
    pub(crate) fn once(
        mut self,
        status: u16,
        error: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.once = Some(Box::new(Self::new(status, error, message)));
        self
    }

    /// Servers of October 2024 failed here: 500 with the name of what failed.
    pub(crate) fn failed_once(self, error: &'static str) -> Self {
        self.once(500, error, WRONG)
    }

    /// Servers of October 2024 failed on an id that is no UUID.
    pub(crate) fn failed_once_unless_uuid(self, id: &str, error: &'static str) -> Self {
        match uuid::Uuid::try_parse(id) {
            Ok(_) => self,
            Err(_) => self.failed_once(error),
        }
    }

    /// Servers of October 2024 refused the same shape under the same names: of a request that spoke of a project by then.
    pub(crate) fn by_the_same_names(mut self) -> Self {
        self.once = Some(Box::new(Self { status: 401, ..self.clone() }));
        self
    }

    /// The answer in a dialect.
    pub(crate) fn said(self, dialect: Dialect) -> (StatusCode, Json<Failure>) {
        let number: u64 = rand::random();
        let (said, req_id) = match dialect {
            Dialect::Newest => (self, Some(format!("req-{number:016x}"))),
            Dialect::October2024 => (self.once_said(), None),
        };
        let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = said.error.into_owned();
        (
            status,
            Json(Failure {
                req_id,
                status_code: status.as_u16(),
                message: said.message,
                error,
                details: serde_json::Value::Null,
            }),
        )
    }

    /// What follows a rule: the shape of a request was refused with 401, and a project was a workspace.
    fn once_said(mut self) -> Self {
        if let Some(once) = self.once {
            return *once;
        }
        if let Message::Issues(issues) = &mut self.message {
            self.status = 401;
            for first in issues.iter_mut().filter_map(|issue| issue.path.first_mut()) {
                if first == "projectId" {
                    *first = "workspaceId".into();
                }
            }
        }
        self
    }
}

impl IntoResponse for Refusal {
    /// Only the status: the words are put in by the layer that knows the dialect.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
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
