//! Ways to log in: what keyform sends to a backend that only listens, beside metadata services of its own.

use crate::services;
use axum::body::Bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;
use std::fs;
use std::process::Command;
use std::process::Output;
use std::sync::Arc;
use std::sync::Mutex;

/// One request: method and path, headers, body.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) title: String,
    headers: Vec<(String, String)>,
    body: Value,
}

/// What to answer to a request; `None` for what is answered by default.
type Script = Arc<dyn Fn(&Heard, usize) -> Option<(u16, Value)> + Send + Sync>;

/// What to say of limits with the answer to a request.
type Limit = Arc<dyn Fn(&Heard) -> Option<[u32; 3]> + Send + Sync>;

/// A backend without anything, and the metadata services of all clouds.
pub(crate) struct Listener {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone)]
struct Ears {
    heard: Arc<Mutex<Vec<Heard>>>,
    script: Script,
    limit: Limit,
}

impl Listener {
    fn start(script: impl Fn(&Heard, usize) -> Option<(u16, Value)> + Send + Sync + 'static) -> Self {
        Self::limited(script, |_| None)
    }

    /// With a limit: `limit` says for a request how many of its kind are taken, what is left, and in how many
    /// seconds that begins anew.
    pub(crate) fn limited(
        script: impl Fn(&Heard, usize) -> Option<(u16, Value)> + Send + Sync + 'static,
        limit: impl Fn(&Heard) -> Option<[u32; 3]> + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ears = Ears { heard: heard.clone(), script: Arc::new(script), limit: Arc::new(limit) };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer).with_state(ears);
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { url, heard, _runtime: runtime }
    }

    pub(crate) fn heard(&self, part: &str) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().filter(|heard| heard.title.contains(part)).cloned().collect()
    }

    /// Plans a project that is not there, with a `backend` block and variables.
    fn plan(&self, backend: &str, variables: &[(&str, &str)]) -> Output {
        self.plan_of(&format!("{backend}\nproject \"bakery\" {{}}\n"), variables)
    }

    /// Plans a whole configuration.
    pub(crate) fn plan_of(&self, main: &str, variables: &[(&str, &str)]) -> Output {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.hcl"), main.replace("$URL", &self.url)).unwrap();
        let host = self.url.trim_start_matches("http://");
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyform"));
        command.current_dir(folder.path()).args(["plan"]).env_clear().env("HOME", folder.path());
        for (name, value) in variables {
            command.env(name, value.replace("$URL", &self.url).replace("$HOST", host));
        }
        command.output().unwrap()
    }
}

async fn answer(State(ears): State<Ears>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let heard = Heard {
        title: format!("{} {}", parts.method, parts.uri),
        headers: parts.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let number = {
        let mut all = ears.heard.lock().unwrap();
        all.push(heard.clone());
        all.iter().filter(|other| other.title == heard.title).count()
    };
    let limits = (ears.limit)(&heard);
    let told = match limits {
        Some([_, 0, _]) => Some((429, json!({ "statusCode": 429, "error": "RateLimitExceeded", "message": "Rate" }))),
        _ => (ears.script)(&heard, number),
    };
    let (status, body) = told.unwrap_or_else(|| match parts.uri.path() {
        path if path.ends_with("-auth/login") => (200, token("canary-token", 3600)),
        "/api/v1/projects" => (200, json!({ "projects": [] })),
        path if path.starts_with("/computeMetadata/") => (200, json!("canary-head.canary-claims.canary-signature")),
        path if path.starts_with("/metadata/identity/") => (200, json!({ "access_token": "canary-azure-token" })),
        path => (404, json!({ "statusCode": 404, "error": "Not Found", "message": format!("Route {path} not found") })),
    });
    let text = match &body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut answer =
        (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], text).into_response();
    if let Some([most, left, seconds]) = limits {
        let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
        for (name, number) in names.into_iter().zip([most, left.saturating_sub(1), seconds]) {
            answer.headers_mut().insert(name, number.into());
        }
    }
    answer
}

fn token(text: &str, expires_in: u64) -> Value {
    json!({ "accessToken": text, "expiresIn": expires_in, "accessTokenMaxTTL": expires_in, "tokenType": "Bearer" })
}

/// Logs in and gives the path and the body of the login.
fn log_in(backend: &str, variables: &[(&str, &str)]) -> (String, Value) {
    let listener = Listener::start(|_, _| None);
    let output = listener.plan(backend, variables);
    assert!(output.status.success(), "{backend}\n{}", String::from_utf8_lossy(&output.stderr));
    let logins = listener.heard("-auth/login");
    assert_eq!(logins.len(), 1, "one login: {logins:?}");
    assert!(logins[0].headers.iter().all(|(name, _)| name != "authorization"), "a login carries no token");
    let lists = listener.heard("/api/v1/projects");
    assert!(lists[0].headers.contains(&("authorization".to_owned(), "Bearer canary-token".to_owned())));
    (logins[0].title.replace("POST ", ""), logins[0].body.clone())
}

fn block(auth: &str) -> String {
    format!("backend \"infisical\" {{\n  url = \"$URL/api/\"\n  {auth}\n}}")
}

#[test]
fn what_a_block_says_is_what_is_sent() {
    let check = |auth: &str, variables: &[(&str, &str)], path: &str, body: Value| {
        assert_eq!(log_in(&block(auth), variables), (format!("/api/v1/auth/{path}/login"), body), "{auth}");
    };
    check(
        "auth \"universal\" {\n client_id = \"id\"\n client_secret = secret_env(\"S\")\n organization = \"sub\"\n}",
        &[("S", "canary-secret")],
        "universal-auth",
        json!({ "clientId": "id", "clientSecret": "canary-secret", "organizationSlug": "sub" }),
    );
    check(
        "auth \"oidc\" {\n identity_id = \"i\"\n jwt = secret_env(\"CI_TOKEN\")\n}",
        &[("CI_TOKEN", "canary-jwt")],
        "oidc-auth",
        json!({ "identityId": "i", "jwt": "canary-jwt" }),
    );
    check(
        "auth \"jwt\" {\n identity_id = \"i\"\n jwt = secret_env(\"CI_TOKEN\")\n}",
        &[("CI_TOKEN", "canary-jwt")],
        "jwt-auth",
        json!({ "identityId": "i", "jwt": "canary-jwt" }),
    );
    check(
        "auth \"ldap\" {\n identity_id = \"i\"\n username = \"u\"\n password = secret_env(\"P\")\n}",
        &[("P", "canary-password")],
        "ldap-auth",
        json!({ "identityId": "i", "username": "u", "password": "canary-password" }),
    );
    check(
        "auth \"gcp\" { identity_id = \"i\" }",
        &[("GCE_METADATA_HOST", "$HOST")],
        "gcp-auth",
        json!({ "identityId": "i", "jwt": "canary-head.canary-claims.canary-signature" }),
    );
    check(
        "auth \"azure\" { identity_id = \"i\" }",
        &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "$URL")],
        "azure-auth",
        json!({ "identityId": "i", "jwt": "canary-azure-token" }),
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "canary-pod-token\n").unwrap();
    check(
        &format!("auth \"kubernetes\" {{\n identity_id = \"i\"\n token_path = {:?}\n}}", file.path()),
        &[],
        "kubernetes-auth",
        json!({ "identityId": "i", "jwt": "canary-pod-token" }),
    );
}

#[test]
fn metadata_services_are_asked_as_their_vendors_say() {
    let listener = Listener::start(|_, _| None);
    let google = block("auth \"gcp\" { identity_id = \"i-1\" }");
    assert!(listener.plan(&google, &[("GCE_METADATA_HOST", "$HOST")]).status.success());
    let asked = &listener.heard("computeMetadata")[0];
    assert!(asked.title.ends_with("/default/identity?audience=i-1&format=full"), "{asked:?}");
    assert!(asked.headers.contains(&("metadata-flavor".to_owned(), "Google".to_owned())));
    let azure = block("auth \"azure\" {\n identity_id = \"i-1\"\n client_id = \"c-1\"\n}");
    assert!(listener.plan(&azure, &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "$URL")]).status.success());
    let asked = &listener.heard("/metadata/identity")[0];
    assert!(
        asked.title.ends_with(
            "/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com%2F&client_id=c-1"
        ),
        "{asked:?}"
    );
    assert!(asked.headers.contains(&("metadata".to_owned(), "true".to_owned())));
}

#[test]
fn without_a_block_the_environment_says_it() {
    let check = |kind: &str, variables: &[(&str, &str)], path: &str, body: Value| {
        let backend = format!("backend \"{kind}\" {{}}");
        assert_eq!(log_in(&backend, variables), (format!("/api/v1/auth/{path}/login"), body), "{variables:?}");
    };
    let universal = [
        ("INFISICAL_HOST", "$URL"),
        ("INFISICAL_UNIVERSAL_AUTH_CLIENT_ID", "id"),
        ("INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET", "canary-secret"),
        ("INFISICAL_AUTH_ORGANIZATION_SLUG", "sub"),
    ];
    let said = json!({ "clientId": "id", "clientSecret": "canary-secret", "organizationSlug": "sub" });
    check("infisical", &universal, "universal-auth", said.clone());
    let mut elsewhere = universal;
    elsewhere[0].0 = "HANZO_KMS_URL";
    check("hanzo-kms", &elsewhere, "universal-auth", said);
    check(
        "infisical",
        &[
            ("INFISICAL_HOST", "$URL/"),
            ("INFISICAL_AUTH_METHOD", "kubernetes"),
            ("INFISICAL_MACHINE_IDENTITY_ID", "i"),
            ("INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN", "canary-pod-token"),
        ],
        "kubernetes-auth",
        json!({ "identityId": "i", "jwt": "canary-pod-token" }),
    );
    check(
        "infisical",
        &[("INFISICAL_HOST", "$URL/api"), ("INFISICAL_MACHINE_IDENTITY_ID", "i"), ("INFISICAL_AUTH_JWT", "canary-jwt")],
        "oidc-auth",
        json!({ "identityId": "i", "jwt": "canary-jwt" }),
    );
}

#[test]
fn what_is_missing_is_named() {
    let listener = Listener::start(|_, _| None);
    let check = |variables: &[(&str, &str)], words: &str| {
        let output = listener.plan("backend \"infisical\" {}", variables);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && told.contains("KF0611") && told.contains(words), "{words}:\n{told}");
    };
    check(&[], "neither an `auth` block nor the environment says how to log in");
    check(&[("INFISICAL_AUTH_METHOD", "universal")], "needs the environment variable");
    check(&[("INFISICAL_AUTH_METHOD", "oci"), ("INFISICAL_MACHINE_IDENTITY_ID", "i")], "write an `auth \"oci\"` block");
    check(&[("INFISICAL_AUTH_METHOD", "kuberntes")], "did you mean `kubernetes`");
    assert_eq!(listener.heard("").len(), 0, "nothing was asked");
}

#[test]
fn a_token_is_used_as_it_is() {
    let listener = Listener::start(|_, _| None);
    let output =
        listener.plan("backend \"infisical\" {}", &[("INFISICAL_HOST", "$URL"), ("INFISICAL_TOKEN", "canary-t")]);
    assert!(output.status.success());
    assert!(listener.heard("/login").is_empty());
    assert!(
        listener.heard("projects")[0].headers.contains(&("authorization".to_owned(), "Bearer canary-t".to_owned()))
    );
}

#[test]
fn aws_would_take_the_signed_request() {
    let auth = block("auth \"aws-iam\" {\n identity_id = \"i\"\n region = \"eu-central-1\"\n}");
    let (path, body) = log_in(
        &auth,
        &[
            ("AWS_ACCESS_KEY_ID", "AKIACANARY"),
            ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
            ("AWS_SESSION_TOKEN", "canary-session"),
        ],
    );
    assert_eq!(path, "/api/v1/auth/aws-auth/login");
    assert_eq!((&body["identityId"], &body["iamHttpRequestMethod"]), (&json!("i"), &json!("POST")));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), body.to_string()).unwrap();
    // AWS's own library signs the same request at the same moment.
    let said = services::python(
        r#"
import base64, json, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
login = json.load(open(sys.argv[1]))
headers = json.loads(base64.b64decode(login["iamRequestHeaders"]))
body = base64.b64decode(login["iamRequestBody"])
given = headers["Authorization"]
signed = given.split("SignedHeaders=")[1].split(",")[0].split(";")
request = AWSRequest("POST", "https://" + headers["Host"] + "/", data=body,
                     headers={n: v for n, v in headers.items() if n.lower() in signed})
request.context["timestamp"] = headers["X-Amz-Date"]
own = SigV4Auth(Credentials("AKIACANARY", "canary-secret", "canary-session"), "sts", "eu-central-1")
text = own.string_to_sign(request, own.canonical_request(request))
print(json.dumps({"own": own.signature(text, request), "given": given.split("Signature=")[1],
                  "signed": signed, "headers": headers, "body": body.decode()}))
"#,
        file.path(),
    );
    assert_eq!(said["own"], said["given"]);
    assert_eq!(said["signed"], json!(["content-type", "host", "x-amz-date", "x-amz-security-token"]));
    assert_eq!(said["headers"]["Host"], "sts.eu-central-1.amazonaws.com");
    // And STS, as moto plays it, knows who asks.
    let headers = said["headers"].as_object().unwrap().iter();
    let headers = headers.filter(|(name, _)| !matches!(name.as_str(), "Host" | "Content-Length"));
    let headers: Vec<_> = headers.map(|(n, v)| (n.clone(), v.as_str().unwrap().to_owned())).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let body = said["body"].as_str().unwrap().as_bytes();
    let (status, _, answer) = runtime.block_on(services::exchange(services::moto(), "POST /", &headers, body));
    assert!(status == 200 && String::from_utf8_lossy(&answer).contains("GetCallerIdentityResult"), "{status}");
}

/// Fails unless the key signed the text, in the eyes of another library.
fn assert_signed(key: &str, text: &str, signature: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), json!({ "key": key, "text": text, "signature": signature }).to_string()).unwrap();
    let good = services::python(
        r#"
import base64, json, sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
said = json.load(open(sys.argv[1]))
key = serialization.load_pem_private_key(said["key"].encode(), None).public_key()
signature = said["signature"].replace("-", "+").replace("_", "/")
signature = base64.b64decode(signature + "=" * (-len(signature) % 4))
key.verify(signature, said["text"].encode(), padding.PKCS1v15(), hashes.SHA256())
print("true")
"#,
        file.path(),
    );
    assert_eq!(good, json!(true));
}

#[test]
fn a_service_accounts_key_signs_for_google() {
    let key = services::rsa_key();
    let file = json!({ "client_email": "x@y.iam.gserviceaccount.com", "private_key_id": "k1", "private_key": key });
    let auth = block("auth \"gcp\" {\n identity_id = \"i\"\n service_account_key = secret_env(\"KEY\")\n}");
    let (_, body) = log_in(&auth, &[("KEY", &file.to_string())]);
    let jwt = body["jwt"].as_str().unwrap();
    let parts: Vec<&str> = jwt.split('.').collect();
    let part = |n: usize| -> Value {
        use base64::Engine;
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(parts[n]).unwrap()).unwrap()
    };
    assert_eq!(part(0), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
    assert_eq!((&part(1)["sub"], &part(1)["aud"]), (&json!("x@y.iam.gserviceaccount.com"), &json!("i")));
    assert_eq!(part(1)["exp"].as_u64().unwrap() - part(1)["iat"].as_u64().unwrap(), 900);
    assert_signed(key, &format!("{}.{}", parts[0], parts[1]), parts[2]);
}

#[test]
fn a_users_key_signs_for_oracle() {
    let key = services::rsa_key();
    let auth = "auth \"oci\" {\n identity_id = \"i\"\n user_ocid = \"ocid1.user.u\"\n tenancy_ocid = \"ocid1.tenancy.t\"\n \
                region = \"us-ashburn-1\"\n fingerprint = \"aa:bb\"\n private_key = secret_env(\"KEY\")\n}";
    let (path, body) = log_in(&block(auth), &[("KEY", key)]);
    assert_eq!((&*path, &body["userOcid"]), ("/api/v1/auth/oci-auth/login", &json!("ocid1.user.u")));
    let headers = &body["headers"];
    assert_eq!(headers["host"], "identity.us-ashburn-1.oraclecloud.com");
    let authorization = headers["authorization"].as_str().unwrap();
    let (start, signature) = authorization.trim_end_matches('"').split_once("signature=\"").unwrap();
    assert_eq!(
        start,
        "Signature version=\"1\",headers=\"x-date (request-target) host\",keyId=\"ocid1.tenancy.t/ocid1.user.u/aa:bb\",\
         algorithm=\"rsa-sha256\","
    );
    let date = headers["x-date"].as_str().unwrap();
    let text = format!(
        "x-date: {date}\n(request-target): get /20160918/users/ocid1.user.u\nhost: identity.us-ashburn-1.oraclecloud.com"
    );
    assert_signed(key, &text, signature);
    let bad = Listener::start(|_, _| None);
    let output = bad.plan(&block(auth), &[("KEY", "canary-no-key")]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("KF0525") && !told.contains("canary-no-key"), "{told}");
}

#[test]
fn a_session_is_renewed_only_when_its_token_is_spent() {
    let universal = block("auth \"universal\" {\n client_id = \"id\"\n client_secret = secret_env(\"S\")\n}");
    let check = |answer: (u16, Value), logins: usize, done: bool| {
        let told = answer.clone();
        let listener = Listener::start(move |heard, number| {
            (heard.title.contains("projects") && number == 1).then(|| told.clone())
        });
        let output = listener.plan(&universal, &[("S", "canary-secret")]);
        let found = listener.heard("-auth/login").len();
        assert_eq!((found, output.status.success()), (logins, done), "{answer:?}");
    };
    let says = |status: u16, error: &str, message: Value| {
        (status, json!({ "statusCode": status, "error": error, "message": message }))
    };
    check(says(401, "UnauthorizedError", "No identity access token found".into()), 2, true);
    check(says(401, "UnauthorizedError", "Token missing".into()), 2, true);
    check(says(403, "TokenError", "Your token has expired. Please re-authenticate.".into()), 2, true);
    let issue = json!([{ "code": "custom", "path": ["x"], "message": "Required" }]);
    check(says(401, "ValidationFailure", issue), 1, false);
    check(says(401, "UnauthorizedError", "something else".into()), 1, false);
    check(says(403, "PermissionDenied", "You are not allowed to read on projects".into()), 1, false);
}

#[test]
fn a_refused_login_names_what_to_check() {
    let listener = Listener::start(|heard, _| {
        let failure = json!({ "statusCode": 401, "error": "UnauthorizedError", "message": "Invalid token canary-jwt" });
        heard.title.contains("/login").then_some((401, failure))
    });
    let auth = block("auth \"oidc\" {\n identity_id = \"i\"\n jwt = secret_env(\"CI_TOKEN\")\n}");
    let output = listener.plan(&auth, &[("CI_TOKEN", "canary-jwt")]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("KF0602") && told.contains("`identity_id` and `jwt` of `auth \"oidc\"`"), "{told}");
    assert!(!told.contains("canary-jwt"), "{told}");
    assert_eq!(listener.heard("/login").len(), 1, "a refused login is not repeated");
}
