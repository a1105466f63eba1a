//! Gitea and Forgejo: <https://docs.gitea.com/api/>, looked up in November 2026. Much like GitHub, but a label has to exist
//! before a change can have it, and is taken away by its number.

use crate::forge::Ask;
use crate::forge::Comment;
use crate::forge::Forge;
use crate::forge::Label;
use crate::forge::Place;
use crate::forge::State;
use crate::forge::Status;
use crate::forge::bearer;
use crate::forge::items;
use crate::forge::name;
use crate::forge::part;
use crate::forge::parts;
use crate::http::Method;
use crate::http::Request;
use serde_json::Value;
use serde_json::json;

pub(super) struct Gitea;

fn repo(place: &Place) -> String {
    format!("/repos/{}", parts(&place.repo))
}

impl Forge for Gitea {
    fn enter(&self, place: &Place, request: Request) -> Request {
        bearer(request, "token", &place.token)
    }

    fn comments(&self, place: &Place, change: u64) -> Ask {
        Ask::new(Method::Get, format!("{}/issues/{change}/comments", repo(place)))
    }

    fn read(&self, answer: &Value) -> Vec<Comment> {
        let comment = |item: &Value| Comment {
            id: name(&item["id"]),
            body: item["body"].as_str().unwrap_or_default().to_owned(),
            is_minimised: false,
            node: None,
        };
        items(answer, "").map(comment).collect()
    }

    fn create(&self, place: &Place, change: u64, body: &str) -> Ask {
        Ask::with(Method::Post, format!("{}/issues/{change}/comments", repo(place)), json!({ "body": body }))
    }

    fn update(&self, place: &Place, _change: u64, comment: &Comment, body: &str) -> Ask {
        let path = format!("{}/issues/comments/{}", repo(place), part(&comment.id));
        Ask::with(Method::Patch, path, json!({ "body": body }))
    }

    fn status(&self, place: &Place, commit: &str, status: &Status) -> Ask {
        let state = match status.state {
            State::Good => "success",
            State::Bad => "failure",
            State::Unsure => "error",
        };
        let mut body = json!({ "state": state, "context": status.name, "description": status.text });
        if let Some(link) = &status.link {
            body["target_url"] = json!(link);
        }
        Ask::with(Method::Post, format!("{}/statuses/{}", repo(place), part(commit)), body)
    }

    fn labels(&self, place: &Place, change: u64) -> Option<Ask> {
        Some(Ask::new(Method::Get, format!("{}/issues/{change}/labels", repo(place))))
    }

    fn read_labels(&self, answer: &Value) -> Vec<Label> {
        let label = |item: &Value| Label { id: name(&item["id"]), name: name(&item["name"]) };
        items(answer, "").map(label).collect()
    }

    fn known_labels(&self, place: &Place) -> Option<Ask> {
        Some(Ask::new(Method::Get, format!("{}/labels?limit=50", repo(place))))
    }

    fn make_label(&self, place: &Place, name: &str) -> Option<Ask> {
        Some(Ask::with(Method::Post, format!("{}/labels", repo(place)), json!({ "name": name, "color": "#5b6ee1" })))
    }

    fn add_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        let id = label.id.parse::<u64>().ok()?;
        Some(Ask::with(Method::Post, format!("{}/issues/{change}/labels", repo(place)), json!({ "labels": [id] })))
    }

    fn remove_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        Some(Ask::new(Method::Delete, format!("{}/issues/{change}/labels/{}", repo(place), part(&label.id))))
    }
}
