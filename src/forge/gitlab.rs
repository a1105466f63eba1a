//! GitLab, in the cloud and on one's own machines: <https://docs.gitlab.com/api/rest/>, looked up in November 2026.

use crate::forge::Ask;
use crate::forge::Comment;
use crate::forge::Forge;
use crate::forge::Found;
use crate::forge::Label;
use crate::forge::Place;
use crate::forge::State;
use crate::forge::Status;
use crate::forge::issue::Issue;
use crate::forge::items;
use crate::forge::name;
use crate::forge::part;
use crate::http::Method;
use crate::http::Request;
use serde_json::Value;
use serde_json::json;

pub(super) struct GitLab;

/// A project is named by its number, or by its path as one part.
fn project(place: &Place) -> String {
    format!("/projects/{}", part(&place.repo))
}

fn change_at(place: &Place, change: u64) -> String {
    format!("{}/merge_requests/{change}", project(place))
}

impl Forge for GitLab {
    fn enter(&self, place: &Place, request: Request) -> Request {
        request.header("private-token", place.token.clone())
    }

    fn comments(&self, place: &Place, change: u64) -> Ask {
        let query = "per_page=100&order_by=created_at&sort=asc";
        Ask::new(Method::Get, format!("{}/notes?{query}", change_at(place, change)))
    }

    fn read(&self, answer: &Value) -> Vec<Comment> {
        let comment = |item: &Value| Comment {
            id: name(&item["id"]),
            body: item["body"].as_str().unwrap_or_default().to_owned(),
            is_minimised: false,
            node: None,
        };
        items(answer, "").filter(|item| item["system"] != true).map(comment).collect()
    }

    fn create(&self, place: &Place, change: u64, body: &str) -> Ask {
        Ask::with(Method::Post, format!("{}/notes", change_at(place, change)), json!({ "body": body }))
    }

    fn update(&self, place: &Place, change: u64, comment: &Comment, body: &str) -> Ask {
        let path = format!("{}/notes/{}", change_at(place, change), part(&comment.id));
        Ask::with(Method::Put, path, json!({ "body": body }))
    }

    fn status(&self, place: &Place, commit: &str, status: &Status) -> Ask {
        let state = if status.state == State::Good { "success" } else { "failed" };
        let mut body = json!({ "state": state, "name": status.name, "description": status.text });
        if let Some(link) = &status.link {
            body["target_url"] = json!(link);
        }
        Ask::with(Method::Post, format!("{}/statuses/{}", project(place), part(commit)), body)
    }

    fn labels(&self, place: &Place, change: u64) -> Option<Ask> {
        Some(Ask::new(Method::Get, change_at(place, change)))
    }

    fn read_labels(&self, answer: &Value) -> Vec<Label> {
        items(answer, "labels").map(|item| Label { id: name(item), name: name(item) }).collect()
    }

    fn add_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        Some(Ask::with(Method::Put, change_at(place, change), json!({ "add_labels": label.name })))
    }

    fn remove_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        Some(Ask::with(Method::Put, change_at(place, change), json!({ "remove_labels": label.name })))
    }

    fn issues(&self, place: &Place, label: &str) -> Option<Ask> {
        let path = format!("{}/issues?state=all&per_page=100&labels={}", project(place), part(label));
        Some(Ask::new(Method::Get, path))
    }

    fn read_issues(&self, answer: &Value) -> Vec<Found> {
        let found = |item: &Value| Found {
            number: name(&item["iid"]),
            body: item["description"].as_str().unwrap_or_default().to_owned(),
            is_open: item["state"] == "opened",
        };
        items(answer, "").map(found).collect()
    }

    fn open_issue(&self, place: &Place, issue: &Issue<'_>, body: &str) -> Option<Ask> {
        let body = json!({ "title": issue.title, "description": body, "labels": issue.label });
        Some(Ask::with(Method::Post, format!("{}/issues", project(place)), body))
    }

    fn edit_issue(&self, place: &Place, number: &str, issue: &Issue<'_>, body: &str) -> Option<Ask> {
        let event = if issue.is_open { "reopen" } else { "close" };
        let body = json!({ "title": issue.title, "description": body, "state_event": event });
        Some(Ask::with(Method::Put, format!("{}/issues/{}", project(place), part(number)), body))
    }
}
