//! The recorded answers, read by our own types and by the client.

use crate::api::recorded::Exchange;
use crate::api::recorded::exchanges;
use crate::api::recorded::fits;
use crate::providers::front::Answer;
use crate::providers::front::Front;
use keyform::api;
use keyform::backend::auth::Login;
use keyform::backend::call::Call;
use keyform::backend::client::Client;
use keyform::diag::code::Code;
use keyform::diag::codes;
use keyform::http;
use keyform::http::Method;
use keyform::http::client::Policy;
use keyform::model::login;
use keyform::secret::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What answers held that keyform never asks for.
const UNASKED: &[(&[&str], &str)] = &[
    (&["clientSecret*"], "what other identities log in with"),
    (&["memberships", "totalCount"], "people, and how many there are"),
    (&["integrationOptions"], "the services that there are integrations with"),
    (&["auditLogs", "secretSnapshots", "dynamicSecrets", "config"], "pages of the web"),
    (&["isSourceUpdated", "isDestinationUpdated"], "moves of secrets"),
    (&["date", "emailConfigured", "inviteOnlySignup", "redisConfigured", "secretScanningConfigured"], "the status"),
    (&["message"], "a sentence beside the thing itself"),
];

fn reads<T: DeserializeOwned>(value: &Value) -> Result<(), serde_json::Error> {
    T::deserialize(value).map(drop)
}

/// Whether our types read a field of an answer, or of which we do not ask for any.
fn understood(name: &str, value: &Value) -> Result<(), String> {
    let items: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
    for item in items {
        let is_id = item.is_string();
        let read = match name {
            // The id of the project that an environment is in.
            "workspace" if is_id => Ok(()),
            "project" | "workspace" | "workspaces" => reads::<api::projects::Project>(item),
            "environment" => reads::<api::environments::Environment>(item),
            "folder" | "folders" => reads::<api::folders::Folder>(item),
            "imports" => reads::<api::secrets::Imported>(item),
            "secret" | "secrets" if item.get("secrets").is_some() => reads::<api::secrets::Imported>(item),
            "secret" | "secrets" => {
                reads::<api::secrets::StoredSecret>(item).and_then(|()| reads::<api::secrets::ListedSecret>(item))
            }
            "secretImport" | "secretImports" => reads::<api::imports::Import>(item),
            "integration" | "integrations" => reads::<api::integrations::Integration>(item),
            "identity" | "identityMemberships" | "identityMembership" if item.get("orgId").is_some() => {
                reads::<api::identities::OrganizationMember>(item)
            }
            "identity" => reads::<api::identities::Machine>(item),
            "identityUniversalAuth" => reads::<api::identities::UniversalAuth>(item),
            "identityMemberships" | "identityMembership" if item.get("identity").is_some() => {
                reads::<api::members::Member>(item)
            }
            "identityMembership" => reads::<api::members::Made>(item),
            "role" | "roles" if item.get("slug").is_some() => reads::<api::roles::Role>(item),
            "roles" => reads::<api::members::Role>(item),
            "authorizations" | "integrationAuth" => reads::<api::integrations::Authorization>(item),
            "workspaceTag" | "workspaceTags" => reads::<api::tags::Tag>(item),
            _ if UNASKED.iter().any(|(names, _)| names.iter().any(|pattern| fits(pattern, name))) => Ok(()),
            _ => return Err(format!("`{name}` is not known")),
        };
        read.map_err(|why| format!("`{name}`: {why}"))?;
    }
    Ok(())
}

fn check(exchange: &Exchange) -> Result<(), String> {
    let answer = &exchange.answer;
    match exchange.status {
        _ if answer.is_null() || answer.get("$raw").is_some() => Ok(()),
        200 if answer.get("accessToken").is_some() => reads::<api::auth::Token>(answer).map_err(|why| why.to_string()),
        200 if answer.get("autoCapitalization").is_some() => understood("project", answer),
        200 => answer.as_object().unwrap().iter().try_for_each(|(name, value)| understood(name, value)),
        status => {
            let failure: api::Failure = serde_json::from_value(answer.clone()).map_err(|why| why.to_string())?;
            let says = (failure.status_code, failure.text().is_empty(), failure.is_validation());
            let wanted = (status, false, answer["message"].is_array());
            if says == wanted { Ok(()) } else { Err(format!("{says:?}, not {wanted:?}")) }
        }
    }
}

#[test]
fn every_recorded_answer_is_read() {
    // What was filled in between has no answer of its own.
    let all = exchanges().into_iter().filter(|exchange| !exchange.name.starts_with("setup "));
    let problems: Vec<String> =
        all.filter_map(|exchange| check(&exchange).err().map(|why| format!("{}: {why}", exchange.name))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What the client makes of a refusal.
fn diagnosed(status: u16, error: &str, message: &str) -> &'static Code {
    match (status, error) {
        (400, _) if message.contains("plan restriction") => &codes::BACKEND_LICENCE,
        (401, "ValidationFailure") | (400, _) => &codes::BACKEND_REFUSED,
        (401, _) | (403, "TokenError") => &codes::BACKEND_CREDENTIALS,
        (403, _) => &codes::BACKEND_PERMISSION,
        (404, "Not Found") => &codes::BACKEND_ROUTE,
        (404, _) => &codes::BACKEND_NOT_FOUND,
        (429, _) => &codes::BACKEND_LIMIT,
        (431, _) => &codes::BACKEND_REFUSED,
        // Nothing is broken: the project is not there, or nothing of the change is known to the server.
        (500, "Failed to find project by id" | "Failed to find project by slug") => &codes::BACKEND_NOT_FOUND,
        (500, "Update by id") => &codes::BACKEND_OLD,
        (500, _) => &codes::BACKEND_FAILED,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_recorded_refusal_has_its_code_and_keeps_its_words() {
    let all: Vec<Exchange> = exchanges();
    let refused: Vec<&Exchange> = all.iter().filter(|exchange| exchange.answer["error"].is_string()).collect();
    assert!(refused.len() > 200);
    let answers: Vec<Answer> = refused.iter().map(|exchange| Answer::json(exchange.status, &exchange.answer)).collect();
    let answer = move |call: &crate::providers::front::Call| answers[call.path[1].parse::<usize>().unwrap()].clone();
    let front = Front::before(Arc::new(answer), Vec::new()).await;
    let sender = http::client::Client::new(http::client::Options::default()).unwrap();
    let token = login::METHODS.iter().find(|method| method.word == "token").unwrap();
    let login = Login::new(token, BTreeMap::from([("token", Secret::new("canary-token".into()))]));
    let policy = Policy { budget: Duration::ZERO, ..Policy::default() };
    let client = Client::connect(sender, &front.url(), login, policy).unwrap();
    for (number, exchange) in refused.iter().enumerate() {
        let number = number.to_string();
        let call = Call::new("it", Method::Post, "/recorded/:number").arg(&number);
        let failure = client.send::<Value>(call).await.unwrap_err();
        let error = exchange.answer["error"].as_str().unwrap();
        let detail = &failure.diagnostic.detail;
        let message = exchange.answer["message"].as_str().unwrap_or_default();
        let wanted = diagnosed(exchange.status, error, message).id;
        assert_eq!(failure.diagnostic.code.id, wanted, "{}: {detail}", exchange.name);
        if exchange.status == 429 {
            continue;
        }
        assert_eq!(failure.status, Some(exchange.status));
        let said: api::Failure = serde_json::from_value(exchange.answer.clone()).unwrap();
        let words: String = said.text().chars().take(200).collect();
        assert!(detail.contains(&words), "{}: {detail}", exchange.name);
        // Servers of that time put the reason of some refusals where the kind stands.
        assert!(exchange.status != 403 || !error.contains(' ') || detail.contains(error), "{detail}");
    }
}
