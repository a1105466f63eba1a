//! Issues of GitHub and GitLab, as <https://docs.github.com/rest/issues/issues> and <https://docs.gitlab.com/api/issues/> tell of
//! them: one repository, in memory. What GitHub answers fits its own description.

use crate::forge::fakes::Fake;
use crate::forge::fakes::Kind;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;

pub fn answer(fake: &mut Fake, call: &Call) -> Answer {
    match fake.kind {
        Kind::GitHub => github(fake, call),
        Kind::GitLab => gitlab(fake, call),
        _ => Answer::json(404, &json!({ "message": "Not Found" })),
    }
}

fn index(number: &str) -> usize {
    number.parse::<usize>().unwrap() - 1
}

fn github(fake: &mut Fake, call: &Call) -> Answer {
    let body = call.json().unwrap_or_default();
    let (method, path) = call.route();
    match (method, path.as_slice()) {
        ("GET", ["repos", "acme", "shop", "issues"]) => {
            assert_eq!((call.query("state"), call.query("labels")), (Some("all"), Some("keyform")));
            Answer::json(200, &(0..fake.issues.len()).map(|n| of_github(fake, n)).collect::<Vec<_>>().into())
        }
        ("POST", ["repos", "acme", "shop", "issues"]) => {
            assert_eq!(body["labels"], json!(["keyform"]));
            fake.issues.push((text(&body["title"]), text(&body["body"]), true));
            Answer::json(201, &of_github(fake, fake.issues.len() - 1))
        }
        ("PATCH", ["repos", "acme", "shop", "issues", number]) => {
            let n = index(number);
            fake.issues[n] = (text(&body["title"]), text(&body["body"]), body["state"] == "open");
            Answer::json(200, &of_github(fake, n))
        }
        _ => Answer::json(404, &json!({ "message": "Not Found", "documentation_url": "x" })),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn of_github(fake: &Fake, n: usize) -> Value {
    let (title, body, is_open) = &fake.issues[n];
    let at = "https://api.github.com/repos/acme/shop/issues/1";
    let label = json!({ "id": 1, "node_id": "L", "url": at, "name": "keyform", "description": null, "color": "ededed", "default": false });
    json!({
        "id": n + 1, "node_id": "I", "url": at, "repository_url": at, "labels_url": at, "comments_url": at,
        "events_url": at, "html_url": at, "number": n + 1, "state": if *is_open { "open" } else { "closed" },
        "title": title, "body": body, "user": null, "labels": if fake.is_label_dropped { json!([]) } else { json!([label]) },
        "assignee": null, "assignees": [], "milestone": null, "locked": false, "comments": 0, "closed_at": null,
        "created_at": "2026-11-21T12:00:00Z", "updated_at": "2026-11-21T12:00:00Z", "author_association": "OWNER",
    })
}

fn gitlab(fake: &mut Fake, call: &Call) -> Answer {
    let body = call.json().unwrap_or_default();
    let show = |fake: &Fake, n: usize| {
        let (title, text, is_open) = &fake.issues[n];
        let state = if *is_open { "opened" } else { "closed" };
        json!({ "id": 100 + n, "iid": n + 1, "project_id": 42, "title": title, "description": text, "state": state, "labels": ["keyform"] })
    };
    let (method, path) = call.route();
    match (method, path.as_slice()) {
        ("GET", ["api", "v4", "projects", "42", "issues"]) => {
            assert_eq!((call.query("state"), call.query("labels")), (Some("all"), Some("keyform")));
            Answer::json(200, &(0..fake.issues.len()).map(|n| show(fake, n)).collect::<Vec<_>>().into())
        }
        ("POST", ["api", "v4", "projects", "42", "issues"]) => {
            assert_eq!(body["labels"], "keyform");
            fake.issues.push((text(&body["title"]), text(&body["description"]), true));
            Answer::json(201, &show(fake, fake.issues.len() - 1))
        }
        ("PUT", ["api", "v4", "projects", "42", "issues", number]) => {
            let n = index(number);
            // An issue that is open can't be opened again: GitLab takes that as nothing to do.
            let is_open = match body["state_event"].as_str().unwrap() {
                "close" => false,
                "reopen" => true,
                other => panic!("{other} is no event"),
            };
            fake.issues[n] = (text(&body["title"]), text(&body["description"]), is_open);
            Answer::json(200, &show(fake, n))
        }
        _ => Answer::json(404, &json!({ "message": "404 Not found" })),
    }
}
