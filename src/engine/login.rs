//! Which remote backend, and who keyform is there: what the `backend` block says, or else the environment.

use crate::backend::auth::Login;
use crate::backend::client::DEFAULT_URL;
use crate::config::source;
use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::engine::Options;
use crate::model::attrs::Value;
use crate::model::desired::Backend;
use crate::model::login;
use crate::model::login::Method;
use crate::secret::Secret;
use std::collections::BTreeMap;

/// Kinds of backends.
const KINDS: [&str; 3] = ["embedded", "infisical", "hanzo-kms"];

/// Where a backend is asked.
///
/// # Errors
/// There is no such kind of backend, or nothing says where it is.
pub(super) fn url(backend: &Backend) -> Result<String, Diagnostic> {
    let variables: &[&str] = match &*backend.kind {
        "infisical" => &["INFISICAL_HOST"],
        "hanzo-kms" => &["HANZO_KMS_URL", "INFISICAL_HOST"],
        kind => return Err(problem(backend, format!("there is no backend `{kind}`")).did_you_mean(kind, KINDS)),
    };
    if let Some(url) = backend.attrs.get("url").and_then(Value::as_str) {
        return Ok(url.to_owned());
    }
    match variable(variables) {
        Some(url) => Ok(url),
        None if &*backend.kind == "infisical" => Ok(DEFAULT_URL.to_owned()),
        None => Err(problem(backend, "backend `hanzo-kms` needs an `url`, or `HANZO_KMS_URL`".to_owned())
            .help("only installations with the Infisical API are supported; write the address of yours")),
    }
}

/// An address without the name and password that may stand in it.
pub(super) fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// A login that the environment describes, where nothing says which backend is meant: then it is the embedded one.
pub(super) fn unused(backend: &Backend) -> Option<Diagnostic> {
    let method = told().filter(|_| backend.kind.is_empty())?;
    let fields = method.fields.iter().filter(|field| field.required);
    let set = fields.filter_map(|field| field.variables.iter().find(|name| variable(&[**name]).is_some()));
    let set: Vec<String> = set.map(|name| format!("`{name}`")).collect();
    let detail =
        format!("{} say how to log in, and no `backend` block says where: this is the embedded one.", set.join(", "));
    let help = "write `backend \"infisical\" {}`, or `backend \"embedded\" {}` if that is the one that is meant";
    Some(Diagnostic::warning(&codes::LOGIN_UNUSED, detail).help(help))
}

/// The first way to log in for which the environment has all that it needs.
fn told() -> Option<&'static Method> {
    let is_told = |method: &&Method| {
        method.is_guessable()
            && method.fields.iter().filter(|f| f.required).all(|field| variable(field.variables).is_some())
    };
    login::METHODS.iter().find(is_told)
}

/// How to log in.
///
/// # Errors
/// Neither the configuration nor the environment says how, or a source of a secret is not at hand.
pub(super) fn login(backend: &Backend, options: &Options) -> Result<Login, Diagnostic> {
    match backend.auth.as_deref() {
        Some(word) => declared(backend, word, options),
        None => ambient(backend),
    }
}

fn declared(backend: &Backend, word: &str, options: &Options) -> Result<Login, Diagnostic> {
    let method = known(backend, word)?;
    let mut inputs = BTreeMap::new();
    for field in method.fields {
        match backend.auth_attrs.get(field.name).filter(|value| !value.is_null()) {
            Some(value) => {
                inputs.insert(field.name, secret(value, options)?);
            }
            None if field.required => {
                return Err(problem(backend, format!("the `auth` block lacks `{}`", field.name)));
            }
            // What a vendor calls its region holds for every program on the machine.
            None if field.name == "region" => {
                inputs.extend(variable(field.variables).map(|v| (field.name, Secret::new(v))))
            }
            None => {}
        }
    }
    Ok(Login::new(method, inputs))
}

/// The login that the environment describes.
fn ambient(backend: &Backend) -> Result<Login, Diagnostic> {
    let method = match variable(&["INFISICAL_AUTH_METHOD"]) {
        Some(word) => known(backend, &word)?,
        // Nobody declared it: it was named on the command line, or is the one that is asked where nothing is said.
        None if backend.origin.is_none() && told().is_none() => {
            let detail = "nothing says how to log in, and no configuration which backend is meant".to_owned();
            return Err(problem(backend, detail).help(
                "set INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET, and name the \
                 backend with `--url` unless it is Infisical's own cloud",
            ));
        }
        None => told().ok_or_else(|| {
            problem(backend, "neither an `auth` block nor the environment says how to log in".to_owned()).help(
                "add `auth \"universal\" { client_id = …, client_secret = secret_env(\"…\") }`, or set \
                 INFISICAL_UNIVERSAL_AUTH_CLIENT_ID and INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET",
            )
        })?,
    };
    let mut inputs = BTreeMap::new();
    for field in method.fields {
        match (variable(field.variables), field.variables) {
            (Some(value), _) => {
                inputs.insert(field.name, Secret::new(value));
            }
            (None, []) if field.required => {
                let detail = format!("`{}` of the login `{}` has no environment variable", field.name, method.word);
                return Err(problem(backend, detail).help(format!("write an `auth \"{}\"` block", method.word)));
            }
            (None, [name, ..]) if field.required => {
                let detail = format!("the login `{}` needs the environment variable `{name}`", method.word);
                return Err(problem(backend, detail).help("set it, or write an `auth` block"));
            }
            (None, _) => {}
        }
    }
    Ok(Login::new(method, inputs))
}

fn known(backend: &Backend, word: &str) -> Result<&'static Method, Diagnostic> {
    login::method(word).ok_or_else(|| {
        let words = login::METHODS.iter().map(|method| method.word);
        problem(backend, format!("there is no way to log in called `{word}`")).did_you_mean(word, words)
    })
}

/// The first variable that is set and not empty.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| source::environment(name).filter(|value| !value.is_empty()))
}

fn problem(backend: &Backend, detail: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(&codes::BACKEND_CONFIG, detail);
    match backend.origin {
        Some(span) => diagnostic.at(span, ""),
        None => diagnostic,
    }
}

fn secret(value: &Value, options: &Options) -> Result<Secret, Diagnostic> {
    match value {
        Value::Source(from) => source::resolve(from, &options.dir, options.allow_exec),
        Value::Secret(secret) => Ok(secret.clone()),
        Value::String(text) => Ok(Secret::new(text.to_string())),
        other => {
            let detail = format!("the `auth` block holds {} where a text belongs", other.shape());
            Err(Diagnostic::error(&codes::BACKEND_CONFIG, detail))
        }
    }
}
