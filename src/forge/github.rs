//! GitHub and GitHub Enterprise Server: <https://docs.github.com/rest>, looked up in November 2026.

use crate::forge::Annotation;
use crate::forge::Ask;
use crate::forge::Comment;
use crate::forge::Forge;
use crate::forge::Found;
use crate::forge::Label;
use crate::forge::Place;
use crate::forge::State;
use crate::forge::Status;
use crate::forge::bearer;
use crate::forge::issue::Issue;
use crate::forge::items;
use crate::forge::name;
use crate::forge::part;
use crate::forge::parts;
use crate::forge::short;
use crate::http::Method;
use crate::http::Request;
use serde_json::Value;
use serde_json::json;

/// Most notes of one request.
const NOTES: usize = 50;
/// Most characters of a check's summary.
const SUMMARY: usize = 65_535;

pub(super) struct GitHub;

fn repo(place: &Place) -> String {
    format!("/repos/{}", parts(&place.repo))
}

impl Forge for GitHub {
    fn enter(&self, place: &Place, request: Request) -> Request {
        bearer(request, "Bearer", &place.token)
            .plain_header("accept", "application/vnd.github+json")
            .plain_header("x-github-api-version", "2022-11-28")
    }

    fn comments(&self, place: &Place, change: u64) -> Ask {
        Ask::new(Method::Get, format!("{}/issues/{change}/comments?per_page=100", repo(place)))
    }

    fn read(&self, answer: &Value) -> Vec<Comment> {
        let comment = |item: &Value| Comment {
            id: name(&item["id"]),
            body: item["body"].as_str().unwrap_or_default().to_owned(),
            is_minimised: item["minimized"].is_object(),
            node: item["node_id"].as_str().map(str::to_owned),
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

    fn minimise(&self, place: &Place, comment: &Comment) -> Option<Ask> {
        let query = "mutation($id: ID!) { minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { clientMutationId } }";
        // A server of one's own has it beside the other interface: `/api/v3`, `/api/graphql`.
        let api = place.api.strip_suffix("/v3").unwrap_or(&place.api);
        let body = json!({ "query": query, "variables": { "id": comment.node.as_ref()? } });
        Some(Ask::with(Method::Post, format!("{api}/graphql"), body))
    }

    fn status(&self, place: &Place, commit: &str, status: &Status) -> Ask {
        let state = match status.state {
            State::Good => "success",
            State::Bad => "failure",
            State::Unsure => "error",
        };
        let body = json!({
            "state": state,
            "context": status.name,
            "description": status.text,
            "target_url": status.link,
        });
        Ask::with(Method::Post, format!("{}/statuses/{}", repo(place), part(commit)), body)
    }

    fn check(&self, place: &Place, commit: &str, status: &Status, body: &str, notes: &[Annotation]) -> Option<Ask> {
        let conclusion = match status.state {
            State::Good => "success",
            State::Bad => "failure",
            State::Unsure => "neutral",
        };
        let note = |note: &Annotation| {
            json!({
                "path": note.file,
                "start_line": note.line,
                "end_line": note.line,
                "annotation_level": if note.is_error { "failure" } else { "warning" },
                "title": short(&note.title, 255),
                "message": note.text,
            })
        };
        let summary = if body.chars().count() > SUMMARY { &status.text } else { body };
        let mut body = json!({
            "name": status.name,
            "head_sha": commit,
            "status": "completed",
            "conclusion": conclusion,
            "output": {
                "title": status.text,
                "summary": summary,
                "annotations": notes.iter().take(NOTES).map(note).collect::<Vec<_>>(),
            },
        });
        if let Some(link) = &status.link {
            body["details_url"] = json!(link);
        }
        Some(Ask::with(Method::Post, format!("{}/check-runs", repo(place)), body))
    }

    fn labels(&self, place: &Place, change: u64) -> Option<Ask> {
        Some(Ask::new(Method::Get, format!("{}/issues/{change}/labels?per_page=100", repo(place))))
    }

    fn read_labels(&self, answer: &Value) -> Vec<Label> {
        let label = |item: &Value| Label { id: name(&item["name"]), name: name(&item["name"]) };
        items(answer, "").map(label).collect()
    }

    fn add_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        let path = format!("{}/issues/{change}/labels", repo(place));
        Some(Ask::with(Method::Post, path, json!({ "labels": [label.name] })))
    }

    fn remove_label(&self, place: &Place, change: u64, label: &Label) -> Option<Ask> {
        Some(Ask::new(Method::Delete, format!("{}/issues/{change}/labels/{}", repo(place), part(&label.id))))
    }

    fn issues(&self, place: &Place, label: &str) -> Option<Ask> {
        let path = format!("{}/issues?state=all&per_page=100&labels={}", repo(place), part(label));
        Some(Ask::new(Method::Get, path))
    }

    fn read_issues(&self, answer: &Value) -> Vec<Found> {
        let found = |item: &Value| Found {
            number: name(&item["number"]),
            body: item["body"].as_str().unwrap_or_default().to_owned(),
            is_open: item["state"] == "open",
        };
        // Its changes are issues, too.
        items(answer, "").filter(|item| item["pull_request"].is_null()).map(found).collect()
    }

    fn open_issue(&self, place: &Place, issue: &Issue<'_>, body: &str) -> Option<Ask> {
        let body = json!({ "title": issue.title, "body": body, "labels": [issue.label] });
        Some(Ask::with(Method::Post, format!("{}/issues", repo(place)), body))
    }

    fn edit_issue(&self, place: &Place, number: &str, issue: &Issue<'_>, body: &str) -> Option<Ask> {
        let state = if issue.is_open { "open" } else { "closed" };
        let body = json!({ "title": issue.title, "body": body, "state": state });
        Some(Ask::with(Method::Patch, format!("{}/issues/{}", repo(place), part(number)), body))
    }
}
