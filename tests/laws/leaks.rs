//! Nothing leaks: whatever goes wrong, no value and no credential is in an error, a `Debug` or a log. The
//! vendor quotes what it was sent in each of its refusals, as some do.

use crate::laws::canary;
use crate::laws::create;
use crate::laws::destination;
use crate::laws::fill;
use crate::laws::key;
use crate::laws::stand::Stand;
use crate::laws::update;
use crate::providers::front::Answer;
use crate::providers::front::Fault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers that quote a secret, where vendors have their messages, and where nobody has anything.
fn bodies(status: u16, quoted: &str) -> [Answer; 3] {
    let whole = json!({ "message": quoted, "error": { "message": quoted, "code": quoted }, "errors": [quoted] });
    [
        Answer::json(status, &whole),
        Answer::text(status, &format!("<html>{quoted}</html>")),
        Answer::text(status, &format!("{{\"cut\": \"{quoted}")).with("content-type", "application/json"),
    ]
}

pub async fn law(stand: &Stand) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("keyform=trace")
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let destination = destination(stand);
    fill(&destination, &[(&key(1), &canary(1))]).await;
    let mut shown = vec![destination.place(), format!("{:?}", stand.spec)];
    let seen = destination.read().await.unwrap();
    shown.push(format!("{:?}", seen.entries));
    if let Some(front) = &stand.front {
        for status in [400, 401, 403, 404, 409, 422, 200] {
            for body in bodies(status, &stand.credentials[0]) {
                front.fail(0, Fault::Instead(body));
                shown.push(format!("{:?}", destination.read().await.map(|seen| seen.entries)));
            }
            for body in bodies(status, &canary(2)) {
                front.fail(0, Fault::Instead(body.clone()));
                shown.push(format!("{:?}", destination.write(&seen, &[create(&key(2), &canary(2))]).await));
                front.fail(0, Fault::Instead(body));
                shown.push(format!("{:?}", destination.write(&seen, &[update(&key(1), &canary(2))]).await));
                front.heal();
            }
        }
    }
    drop(guard);
    shown.push(String::from_utf8(log.0.lock().unwrap().clone()).unwrap());

    let mut secrets = stand.credentials.clone();
    secrets.extend([canary(1), canary(2)]);
    for secret in secrets {
        let forms = [STANDARD.encode(&secret), hex::encode(&secret), secret.replace('-', "%2D"), secret];
        for (text, form) in shown.iter().flat_map(|text| forms.iter().map(move |form| (text, form))) {
            assert!(!text.contains(form), "{form} is in {text}");
        }
    }
}
