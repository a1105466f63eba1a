//! A session: one connection's way of talking to its service. Logs in when something first needs it, makes
//! and signs requests, and turns what comes back into values or diagnostics.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::http::Request;
use crate::http::Response;
use crate::http::client::Client;
use crate::http::client::Policy;
use crate::http::json;
use crate::lang::ast::Expr;
use crate::model::attrs::Attrs;
use crate::model::attrs::Value;
use crate::model::schema::Field;
use crate::provider::manifest::Manifest;
use crate::provider::manifest::Operation;
use crate::provider::manifest::Talk;
use crate::provider::manifest::extract;
use crate::provider::manifest::render;
use crate::provider::manifest::render::Env;
use crate::provider::manifest::render::Target;
use crate::provider::manifest::slots::Slot;
use crate::provider::manifest::slots::mentions;
use crate::provider::sign::Signer;
use crate::secret::Secret;
use crate::secret::blot::BLOT;
use crate::secret::blot::blot;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Longest text of a service's own words that is shown.
const LONGEST_MESSAGE: usize = 300;

/// One connection's way of talking to its service.
pub struct Session {
    manifest: Arc<Manifest>,
    /// What the provider, the method and the variant say together.
    talk: Talk,
    client: Client,
    signer: Signer,
    /// `connection`.
    connection: Value,
    login: OnceCell<Value>,
}

/// An answer, taken apart.
pub struct Answer {
    /// The names of its request with those that the answer adds.
    pub env: Env,
    /// The request that it answers.
    pub url: reqwest::Url,
    /// The recovery that stands for the operation now, if the answer was an error that is known.
    pub recovered: Option<Operation>,
}

impl Session {
    /// A session of one connection. Nothing is sent yet; one that does not sign is there to send nothing at all.
    ///
    /// # Errors
    /// The method is unknown, or one that only the vendor's page can make.
    pub fn open(
        manifest: Arc<Manifest>,
        method: &str,
        inputs: &Attrs,
        client: &Client,
        is_signed: bool,
    ) -> Result<Self, Diagnostic> {
        let app = &manifest.app;
        let Some(schema) = app.methods.get(method).filter(|method| !method.browser_only) else {
            let detail = format!("`{}` can't be spoken to by the method `{method}`.", app.slug);
            let known = app.methods.keys().map(|name| &**name);
            return Err(Diagnostic::error(&codes::UNKNOWN_DESTINATION, detail).did_you_mean(method, known));
        };
        let connection = object(&schema.fields, inputs, None);
        let talk = manifest.methods.get(method).cloned().unwrap_or_default().over(&manifest.talk);
        let signer = Signer::open(manifest.signer.filter(|_| is_signed), method, inputs, client)?;
        Ok(Self { talk, client: client.clone(), signer, connection, login: OnceCell::new(), manifest })
    }

    /// The same session where a variant talks in a way of its own.
    #[must_use]
    pub fn with(self, talk: &Talk) -> Self {
        let talk = talk.clone().over(&self.talk);
        Self { talk, ..self }
    }

    /// What all of its requests say.
    #[must_use]
    pub fn talk(&self) -> &Talk {
        &self.talk
    }

    /// `connection`, as expressions see it.
    #[must_use]
    pub fn connection(&self) -> Value {
        self.connection.clone()
    }

    /// A diagnostic about the manifest, with the line named.
    #[must_use]
    pub fn locate(&self, diagnostic: Diagnostic) -> Diagnostic {
        self.manifest.text.locate(diagnostic)
    }

    /// Which answers of this service ask for another try although their status does not say so.
    #[must_use]
    pub fn policy(&self, rate: Option<u32>, concurrency: Option<usize>) -> Policy {
        let mut policy = Policy { rate, ..Policy::default() };
        policy.concurrency = concurrency.unwrap_or(policy.concurrency);
        if let Some(expr) = self.talk.retry.clone() {
            policy.throttled = Some(Arc::new(move |response: &Response| {
                let body = json::parse(&response.body).unwrap_or_default();
                let env = extract::answered(&Env::default(), response, body);
                env.holds(&expr).unwrap_or(false)
            }));
        }
        policy
    }

    /// Checks that the credentials are taken.
    ///
    /// Gives until when they are, in the service's words, if it says so.
    ///
    /// # Errors
    /// They are not, or the service can't be reached.
    pub async fn verify(&self) -> Result<Option<Arc<str>>, Diagnostic> {
        let policy = self.policy(None, None);
        let env = Env::default().with("connection", self.connection());
        match (&self.talk.verify, &self.talk.login) {
            (Some(verify), _) => {
                let answer = self.run(Slot::Verify, verify, &env, "", &policy).await?;
                match verify.expr("value") {
                    Some(_) => Ok(self.value_of(verify, &answer)?.as_str().map(Arc::from)),
                    None => Ok(None),
                }
            }
            (None, Some(login)) => self.logged_in(login, &policy).await.map(|_| None),
            (None, None) => Ok(None),
        }
    }

    /// What the login answered, made once.
    async fn logged_in(&self, login: &Operation, policy: &Policy) -> Result<&Value, Diagnostic> {
        let value = self.login.get_or_try_init(|| async {
            let env = Env::default().with("connection", self.connection());
            let answer = Box::pin(self.one(Slot::Login, login, &env, "", policy, None)).await?;
            // A token is as secret as what brought it.
            self.value_of(login, &answer).map(|value| match value {
                Value::String(token) => Value::Secret(Secret::new(token.to_string())),
                other => other,
            })
        });
        value.await
    }

    /// Does what an operation says: its one request, or its steps in order. Gives the last answer.
    ///
    /// # Errors
    /// A request fails, or an answer is not what the manifest expects.
    pub async fn run(
        &self,
        slot: Slot,
        operation: &Operation,
        env: &Env,
        root: &str,
        policy: &Policy,
    ) -> Result<Answer, Diagnostic> {
        let mut answer = None;
        let mut env = env.clone();
        let alone = std::slice::from_ref(operation);
        let steps = if operation.steps.is_empty() { alone } else { &operation.steps };
        for step in steps {
            let skipped = !std::ptr::eq(step, operation) && !self.wanted(step, &env)?;
            if skipped {
                continue;
            }
            let found = self.one(slot, step, &env, root, policy, None).await?;
            env = found.env.clone();
            answer = Some(found);
        }
        answer.ok_or_else(|| {
            let detail = format!("No step of `{}` applies.", slot.word());
            self.locate(Diagnostic::error(&codes::MANIFEST, detail).at(operation.span, ""))
        })
    }

    /// Whether the `when` of a block holds, if it has one.
    ///
    /// # Errors
    /// The expression fails.
    pub fn wanted(&self, operation: &Operation, env: &Env) -> Result<bool, Diagnostic> {
        operation.expr("when").map_or(Ok(true), |expr| env.holds(expr)).map_err(|d| self.locate(d))
    }

    /// One request, or the next page of it at `url`.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn one(
        &self,
        slot: Slot,
        operation: &Operation,
        env: &Env,
        root: &str,
        policy: &Policy,
        url: Option<reqwest::Url>,
    ) -> Result<Answer, Diagnostic> {
        let env = &self.with_login(slot, operation, env, policy).await?;
        let mut request = self.render(slot, operation, env, root).map_err(|d| self.locate(d))?;
        if let Some(url) = url {
            request.url = url;
        }
        let url = request.url.clone();
        let request = self.signer.sign(request).await?;
        let patient = self.patient(operation, env, policy);
        let response = self.client.send(&request, patient.as_ref().unwrap_or(policy)).await?;
        let env = self.answered(env, operation, &request, &response)?;
        let failed = !response.is_success() || self.says_error(&env)?;
        if !failed {
            return Ok(Answer { env, url, recovered: None });
        }
        for recovery in &operation.recover {
            if self.wanted(recovery, &env)? {
                return self.recover(slot, recovery, env, url, root, policy).await;
            }
        }
        Err(self.failure(&env, &request, response.status))
    }

    /// The policy of a request that says which answers come too early, of something that the service has yet to do.
    fn patient(&self, operation: &Operation, env: &Env, policy: &Policy) -> Option<Policy> {
        let (retry, env, throttled) = (operation.expr("retry")?.clone(), env.clone(), policy.throttled.clone());
        let early = move |response: &Response| {
            let body = json::parse(&response.body).unwrap_or_default();
            let env = extract::answered(&env, response, body);
            env.holds(&retry).unwrap_or(false) || throttled.as_ref().is_some_and(|throttled| throttled(response))
        };
        let budget = policy.budget.min(self.client.settle());
        Some(Policy { budget, throttled: Some(Arc::new(early)), ..policy.clone() })
    }

    async fn recover(
        &self,
        slot: Slot,
        recovery: &Operation,
        env: Env,
        url: reqwest::Url,
        root: &str,
        policy: &Policy,
    ) -> Result<Answer, Diagnostic> {
        let mut answer = Answer { env, url, recovered: Some(recovery.clone()) };
        if recovery.request.is_some() || !recovery.steps.is_empty() {
            let alone = std::slice::from_ref(recovery);
            let steps = if recovery.steps.is_empty() { alone } else { &recovery.steps };
            for step in steps {
                if self.wanted(step, &answer.env)? {
                    let found = Box::pin(self.one(slot, step, &answer.env, root, policy, None)).await?;
                    answer.env = found.env;
                }
            }
        }
        Ok(answer)
    }

    /// The environment with `login`, if something in the request asks for it.
    async fn with_login(
        &self,
        slot: Slot,
        operation: &Operation,
        env: &Env,
        policy: &Policy,
    ) -> Result<Env, Diagnostic> {
        let Some(login) = self.talk.login.as_ref().filter(|_| slot != Slot::Login) else { return Ok(env.clone()) };
        let asks = |expr: &Expr| mentions(expr, "login");
        let asked = operation.all_exprs().into_iter().any(asks) || self.talk.headers.as_ref().is_some_and(asks);
        if !asked {
            return Ok(env.clone());
        }
        Ok(env.clone().with("login", self.logged_in(login, policy).await?.clone()))
    }

    /// What a block whose result is one value answers: its `value`, or the whole answer.
    ///
    /// # Errors
    /// The answer lacks what `value` asks for.
    pub fn value_of(&self, operation: &Operation, answer: &Answer) -> Result<Value, Diagnostic> {
        let expr = answer.recovered.as_ref().unwrap_or(operation).expr("value");
        expr.map_or_else(|| Ok(answer.env.get("response")), |expr| answer.env.eval(expr)).map_err(|d| self.locate(d))
    }

    fn render(&self, slot: Slot, operation: &Operation, env: &Env, root: &str) -> Result<Request, Diagnostic> {
        let own = operation.expr("base_url");
        let base = own.map_or_else(|| self.base_url(env), |own| address(own, env))?;
        let headers = match &self.talk.headers {
            // A login can't need what it brings.
            Some(expr) if slot != Slot::Login || !mentions(expr, "login") => render::headers(expr, env)?,
            _ => Vec::new(),
        };
        let Some(expr) = &operation.request else {
            return Err(Diagnostic::error(&codes::MANIFEST, "There is no request here.").at(operation.span, ""));
        };
        // What goes elsewhere stands at the root there.
        let root = if own.is_some() || matches!(slot, Slot::Login | Slot::Verify) { "" } else { root };
        let mut request = render::request(operation, expr, env, &Target { base: &base, root, headers: &headers })?;
        request.idempotent |= slot.is_idempotent();
        Ok(request)
    }

    /// The service's address, without a slash at its end.
    ///
    /// # Errors
    /// There is none, or it is no text.
    pub fn base_url(&self, env: &Env) -> Result<String, Diagnostic> {
        let Some(expr) = &self.talk.base_url else {
            return Err(Diagnostic::error(&codes::BAD_ADDRESS, "The manifest says no `base_url`."));
        };
        address(expr, env)
    }

    /// The names that an answer adds. A body that is no JSON matters only to those who look at it.
    fn answered(
        &self,
        env: &Env,
        operation: &Operation,
        request: &Request,
        response: &Response,
    ) -> Result<Env, Diagnostic> {
        let looked_at = operation.exprs.iter().any(|(word, expr)| {
            ["items", "next", "document", "value", "version"].contains(word) && mentions(expr, "response")
        });
        let is_read = ["items", "document", "value"].iter().any(|word| operation.expr(word).is_some());
        let body = match json::body(request, response) {
            // Where something is to be read, nothing at all is not "nothing is there".
            Ok(Value::Null) if response.is_success() && looked_at && is_read => {
                let detail = format!("`{}` answered {} with nothing in it.", request.title(), response.status);
                return Err(Diagnostic::error(&codes::UNEXPECTED_ANSWER, detail));
            }
            Ok(body) => body,
            Err(problem) if response.is_success() && looked_at => return Err(problem),
            Err(_) => Value::Null,
        };
        Ok(extract::answered(env, response, body))
    }

    fn says_error(&self, env: &Env) -> Result<bool, Diagnostic> {
        let when = self.talk.errors.as_ref().and_then(|errors| errors.when.as_ref());
        when.map_or(Ok(false), |expr| env.holds(expr)).map_err(|d| self.locate(d))
    }

    fn failure(&self, env: &Env, request: &Request, status: u16) -> Diagnostic {
        let errors = self.talk.errors.as_ref();
        let refused = errors.and_then(|errors| env.holds(errors.refused.as_ref()?).ok()).unwrap_or(false);
        let code = match status {
            _ if refused => &codes::REFUSED,
            401 => &codes::REFUSED,
            403 => &codes::FORBIDDEN,
            404 => &codes::NOT_THERE,
            429 => &codes::BUSY,
            _ => &codes::VENDOR_ERROR,
        };
        let words = errors.and_then(|errors| env.eval(errors.message.as_ref()?).ok());
        let words = words.as_ref().and_then(Value::as_str).map(|words| self.shown(words, env)).unwrap_or_default();
        Diagnostic::error(code, format!("`{}` was answered with {status}{words}.", request.title()))
    }

    /// A service's own words, without anything secret that went into the request. A service may quote what it
    /// holds, too: of what is no plain word and no small number, only the entry's own key is shown.
    fn shown(&self, words: &str, env: &Env) -> String {
        let mut secrets = Vec::new();
        for name in ["connection", "login", "value", "entries", "raw"] {
            collect(&env.get(name), &mut secrets);
        }
        let key = env.get("key");
        let blotted = blot(words, &secrets);
        let shown: Vec<&str> = blotted
            .split_whitespace()
            .map(|word| if is_plain(word) || is_blotted(word) || key.as_str() == Some(word) { word } else { "…" })
            .collect();
        let line: String = shown.join(" ").chars().take(LONGEST_MESSAGE).collect();
        if line.is_empty() { line } else { format!(": {}", line.trim_end_matches('.')) }
    }
}

/// An address, without a slash at its end.
fn address(expr: &Expr, env: &Env) -> Result<String, Diagnostic> {
    let value = env.eval(expr)?;
    let text = value.as_str().ok_or_else(|| render::shape(expr.span, "an address", &value))?;
    Ok(text.trim_end_matches('/').to_owned())
}

/// Whether nothing but a secret stood here: the rest of a word around one would give it away.
fn is_blotted(word: &str) -> bool {
    word.contains(BLOT) && !word.contains(char::is_alphanumeric)
}

/// Whether a word is one that people use: letters with what joins them, or a number below a thousand.
fn is_plain(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| c.is_ascii_punctuation());
    let letters = bare.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '-' | '\'' | '/' | '.' | ':'));
    let number = bare.len() <= 3 && bare.chars().all(|c| c.is_ascii_digit());
    (letters || number) && word.len() <= 40
}

/// The secrets in a value.
fn collect(value: &Value, secrets: &mut Vec<Secret>) {
    match value {
        Value::Secret(secret) => secrets.push(secret.clone()),
        Value::List(items) => items.iter().for_each(|item| collect(item, secrets)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, secrets)),
        _ => {}
    }
}

/// Inputs as expressions see them: every declared one is there, null if it is not set.
#[must_use]
pub fn object(fields: &[Field], inputs: &Attrs, selector: Option<&str>) -> Value {
    let name = |field: &Field| field.name.clone();
    let all = fields.iter().map(|field| (name(field), field.default.clone())).chain(selector.map(|s| (s.into(), None)));
    let object = all.map(|(name, default)| {
        let value = inputs.get(&name).cloned().filter(|value| !value.is_null()).or(default);
        (name, value.unwrap_or_default())
    });
    Value::object(object.collect())
}
