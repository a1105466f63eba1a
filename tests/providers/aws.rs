//! What moto lets pass and AWS does not: the limits that botocore's models of the interfaces state, the
//! token that every write of a secret needs, and the signature.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Check;
use crate::services;
use hmac::Hmac;
use hmac::Mac;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use std::sync::Arc;
use std::sync::LazyLock;

static SSM: LazyLock<Value> = LazyLock::new(|| services::description("ssm.json"));
static SECRETS_MANAGER: LazyLock<Value> = LazyLock::new(|| services::description("secretsmanager.json"));

/// Holds every request to the model of its interface.
pub fn model() -> Check {
    Arc::new(|call, _| {
        let target = call.header("x-amz-target");
        let (model, operation) = match target.split_once('.') {
            Some(("AmazonSSM", operation)) => (&*SSM, operation),
            Some(("secretsmanager", operation)) => (&*SECRETS_MANAGER, operation),
            // The interface of STS is not of this kind.
            _ if target.is_empty() => return Vec::new(),
            _ => return vec![format!("there is no service for {target}")],
        };
        let Some(shape) = model["operations"][operation]["input"]["shape"].as_str() else {
            return vec![format!("there is no operation {target}")];
        };
        let mut problems = Vec::new();
        if call.header("content-type") != "application/x-amz-json-1.1" {
            problems.push(format!("the content type is `{}`", call.header("content-type")));
        }
        match serde_json::from_slice::<Value>(&call.body) {
            Ok(body) => fits(&model["shapes"], shape, &body, "", &mut problems),
            Err(_) => problems.push("the body is no JSON".into()),
        }
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let carries = body["SecretString"].is_string() || body["SecretBinary"].is_string();
        if carries && body["ClientRequestToken"].is_null() {
            problems.push("ClientRequestToken is missing: AWS refuses a value without one".into());
        }
        // A standard parameter, which is what an account's default may be, holds 4 KB.
        let long = body["Value"].as_str().is_some_and(|value| value.len() > 4096);
        if operation == "PutParameter" && long && body["Tier"].is_null() {
            problems.push("a value of more than 4 KB needs a tier".into());
        }
        problems.into_iter().map(|problem| format!("{target}: {problem}")).collect()
    })
}

fn fits(shapes: &Value, name: &str, value: &Value, at: &str, problems: &mut Vec<String>) {
    let shape = &shapes[name];
    let mut length = |n: usize| {
        if shape["min"].as_u64().is_some_and(|min| (n as u64) < min) {
            problems.push(format!("`{at}` is too short for {name}"));
        }
        if shape["max"].as_u64().is_some_and(|max| n as u64 > max) {
            problems.push(format!("`{at}` is too long for {name}"));
        }
    };
    match (shape["type"].as_str().unwrap(), value) {
        ("structure", Value::Object(fields)) => {
            for required in shape["required"].as_array().into_iter().flatten() {
                if !fields.contains_key(required.as_str().unwrap()) {
                    problems.push(format!("`{at}` lacks {required}"));
                }
            }
            for (field, value) in fields {
                match shape["members"][field]["shape"].as_str() {
                    Some(inner) => fits(shapes, inner, value, &format!("{at}.{field}"), problems),
                    None => problems.push(format!("`{at}` has no {field}")),
                }
            }
        }
        ("list", Value::Array(items)) => {
            length(items.len());
            let inner = shape["member"]["shape"].as_str().unwrap();
            items.iter().for_each(|item| fits(shapes, inner, item, &format!("{at}[]"), problems));
        }
        ("string", Value::String(text)) => {
            length(text.chars().count());
            let choices = shape["enum"].as_array();
            if choices.is_some_and(|choices| !choices.contains(value)) {
                problems.push(format!("`{at}` is none of {name}"));
            }
            let pattern = shape["pattern"].as_str().map(|pattern| regex::Regex::new(pattern).unwrap());
            if pattern.is_some_and(|pattern| !pattern.is_match(text)) {
                problems.push(format!("`{at}` does not match {name}"));
            }
        }
        ("integer" | "long", Value::Number(n)) => length(usize::try_from(n.as_u64().unwrap_or_default()).unwrap()),
        ("boolean", Value::Bool(_)) | ("map", Value::Object(_)) | ("blob", Value::String(_)) => {}
        (wanted, _) => problems.push(format!("`{at}` is no {wanted}")),
    }
}

/// Recomputes every signature with the secret key, by
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
pub fn signature(secret_key: &str) -> Check {
    let secret_key = secret_key.to_owned();
    Arc::new(move |call, _| {
        let wanted = signed(call, &secret_key);
        let given = call.header("authorization").rsplit("Signature=").next().unwrap_or_default();
        if wanted.as_deref() == Some(given) { Vec::new() } else { vec!["the signature is wrong".into()] }
    })
}

fn signed(call: &Call, secret_key: &str) -> Option<String> {
    let authorization = call.header("authorization").strip_prefix("AWS4-HMAC-SHA256 ")?;
    let field = |name: &str| authorization.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let scope = field("Credential")?.split_once('/')?.1;
    let names = field("SignedHeaders")?;
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", call.header(name).trim())).collect();
    let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
    let payload = hex::encode(Sha256::digest(&call.body));
    let canonical = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{payload}", call.method);
    let digest = hex::encode(Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{digest}", call.header("x-amz-date"));
    let first = format!("AWS4{secret_key}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| mac(&key, part));
    // A request that does not sign where it goes can be sent elsewhere.
    (names.split(';').any(|name| name == "host") && call.header("host").ends_with(".amazonaws.com"))
        .then(|| hex::encode(mac(&key, &text)))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

/// The answer of a limit that is reached.
pub fn throttled() -> Answer {
    refusal("ThrottlingException", "Rate exceeded")
}

/// The answer to credentials that are worth nothing.
pub fn unauthorized() -> Answer {
    refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
}

fn refusal(kind: &str, message: &str) -> Answer {
    let body = json!({ "__type": kind, "message": message });
    let headers = vec![("content-type".into(), "application/x-amz-json-1.1".into())];
    Answer { headers, ..Answer::json(400, &body) }
}
