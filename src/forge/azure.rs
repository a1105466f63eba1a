//! Azure DevOps Services and Server: <https://learn.microsoft.com/rest/api/azure/devops/git/>, version 7.1, looked up in
//! November 2026. A comment is the first of a thread of its own.

use crate::forge::Ask;
use crate::forge::Comment;
use crate::forge::Forge;
use crate::forge::Label;
use crate::forge::Place;
use crate::forge::State;
use crate::forge::Status;
use crate::forge::basic;
use crate::forge::bearer;
use crate::forge::items;
use crate::forge::name;
use crate::forge::part;
use crate::http::Method;
use crate::http::Request;
use serde_json::Value;
use serde_json::json;

const VERSION: &str = "api-version=7.1";

pub(super) struct Azure;

/// The repository is written `project/repository`.
fn repo(place: &Place) -> String {
    let (project, repo) = place.repo.split_once('/').unwrap_or((&place.repo, &place.repo));
    format!("/{}/_apis/git/repositories/{}", part(project), part(repo))
}

fn change_at(place: &Place, change: u64) -> String {
    format!("{}/pullRequests/{change}", repo(place))
}

impl Forge for Azure {
    fn enter(&self, place: &Place, request: Request) -> Request {
        // A pipeline's own token is a JWT; one that a person made goes where a password would.
        match place.token.expose().starts_with("eyJ") {
            true => bearer(request, "Bearer", &place.token),
            false => basic(request, "", &place.token),
        }
    }

    fn comments(&self, place: &Place, change: u64) -> Ask {
        Ask::new(Method::Get, format!("{}/threads?{VERSION}", change_at(place, change)))
    }

    fn read(&self, answer: &Value) -> Vec<Comment> {
        let comment = |thread: &Value| {
            let first = thread["comments"].as_array()?.first()?;
            (thread["isDeleted"] != true && first["isDeleted"] != true).then(|| Comment {
                id: format!("{}/{}", name(&thread["id"]), name(&first["id"])),
                body: first["content"].as_str().unwrap_or_default().to_owned(),
                is_minimised: false,
                node: None,
            })
        };
        items(answer, "value").filter_map(comment).collect()
    }

    fn create(&self, place: &Place, change: u64, body: &str) -> Ask {
        // Closed: a report asks for no answer, and must not keep the change from being completed.
        let comment = json!({ "parentCommentId": 0, "content": body, "commentType": "text" });
        let body = json!({ "comments": [comment], "status": "closed" });
        Ask::with(Method::Post, format!("{}/threads?{VERSION}", change_at(place, change)), body)
    }

    fn update(&self, place: &Place, change: u64, comment: &Comment, body: &str) -> Ask {
        let (thread, id) = comment.id.split_once('/').unwrap_or((&comment.id, "1"));
        let path = format!("{}/threads/{}/comments/{}?{VERSION}", change_at(place, change), part(thread), part(id));
        Ask::with(Method::Patch, path, json!({ "content": body }))
    }

    fn status(&self, place: &Place, commit: &str, status: &Status) -> Ask {
        let state = match status.state {
            State::Good => "succeeded",
            State::Bad => "failed",
            State::Unsure => "error",
        };
        let mut body = json!({
            "state": state,
            "description": status.text,
            "context": { "genre": "keyform", "name": status.name },
        });
        if let Some(link) = &status.link {
            body["targetUrl"] = json!(link);
        }
        Ask::with(Method::Post, format!("{}/commits/{}/statuses?{VERSION}", repo(place), part(commit)), body)
    }

    fn labels(&self, place: &Place, change: u64) -> Option<Ask> {
        Some(Ask::new(Method::Get, format!("{}/labels?{VERSION}", change_at(place, change))))
    }

    fn read_labels(&self, answer: &Value) -> Vec<Label> {
        let label = |item: &Value| Label { id: name(&item["id"]), name: name(&item["name"]) };
        items(answer, "value").map(label).collect()
    }

    fn add_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        let path = format!("{}/labels?{VERSION}", change_at(place, change));
        Some(Ask::with(Method::Post, path, json!({ "name": label.name })))
    }

    fn remove_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        let path = format!("{}/labels/{}?{VERSION}", change_at(place, change), part(&label.id));
        Some(Ask::new(Method::Delete, path))
    }
}
