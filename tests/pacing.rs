//! A backend that takes few requests: keyform reads what its answers say, waits in time, and says that it does.

use crate::logins::Listener;
use serde_json::json;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

/// Most requests of one kind in one window of time.
const MOST: u32 = 12;
const WINDOW: Duration = Duration::from_secs(3);
/// Environments whose secrets are read, one request each.
const ENVIRONMENTS: usize = 30;

#[test]
fn a_run_of_more_requests_than_a_window_takes_ends_without_a_refusal() {
    let environments: Vec<_> = (0..ENVIRONMENTS)
        .map(|n| json!({ "id": format!("e{n}"), "name": format!("e{n}"), "slug": format!("e{n}") }))
        .collect();
    let project = json!({ "id": "p1", "name": "bakery", "slug": "bakery", "environments": environments });
    let window: Mutex<(Option<Instant>, u32)> = Mutex::default();
    let backend = Listener::limited(
        move |heard, _| match heard.title.as_str() {
            title if title.contains("/api/v1/projects") => Some((200, json!({ "projects": [project] }))),
            title if title.contains("/api/v4/secrets") => Some((200, json!({ "secrets": [] }))),
            _ => None,
        },
        // As the vendor counts: a window of fixed length begins with the first request after the last one.
        move |heard| {
            if !heard.title.contains("/api/v4/secrets") {
                return None;
            }
            let mut window = window.lock().unwrap();
            if window.0.is_none_or(|begun| begun.elapsed() >= WINDOW) {
                *window = (Some(Instant::now()), 0);
            }
            let left = MOST - window.1;
            window.1 = (window.1 + 1).min(MOST);
            let rest = WINDOW.saturating_sub(window.0.unwrap().elapsed());
            Some([MOST, left, u32::try_from(rest.as_millis().div_ceil(1000)).unwrap()])
        },
    );
    let secrets: String = (0..ENVIRONMENTS)
        .map(|n| {
            format!(
                "secret \"S{n}\" {{\n project = project.bakery\n environment = \"e{n}\"\n value = secret_env(\"S\")\n}}\n"
            )
        })
        .collect();
    let main = format!(
        "backend \"infisical\" {{\n url = \"$URL\"\n auth \"universal\" {{\n client_id = \"id\"\n client_secret = secret_env(\"T\")\n }}\n}}\nproject \"bakery\" {{}}\n{secrets}"
    );
    let output = backend.plan_of(&main, &[("T", "canary-t"), ("S", "canary-s")]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    // The project is there, and this ledger knows nothing of it: that is all there is to say.
    assert!(told.contains("KF0401"), "{told}");
    // Refused requests would come a second time.
    assert_eq!(backend.heard("/api/v4/secrets").len(), ENVIRONMENTS, "no request was refused and repeated");
    assert_eq!(backend.heard("/login").len(), 1, "requests at once share one login");
    let whole = told.replace("\n  ", " ");
    let waits: Vec<&str> = whole.lines().filter(|line| line.starts_with("waiting")).collect();
    assert_eq!(waits.len(), 2, "30 requests at 12 a window wait twice: {told}");
    assert!(waits[0].contains("about 1 min") && waits[0].contains("takes 12 requests of this kind"), "{told}");
}
