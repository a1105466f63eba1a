//! Bitbucket Cloud: <https://developer.atlassian.com/cloud/bitbucket/rest/>, looked up in November 2026. Its changes have no
//! labels, and its Markdown no HTML.

use crate::forge::Ask;
use crate::forge::Comment;
use crate::forge::Forge;
use crate::forge::Place;
use crate::forge::State;
use crate::forge::Status;
use crate::forge::basic;
use crate::forge::bearer;
use crate::forge::items;
use crate::forge::name;
use crate::forge::part;
use crate::forge::parts;
use crate::forge::short;
use crate::http::Method;
use crate::http::Request;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;

/// Most characters of what names a status.
const KEY: usize = 40;

pub(super) struct Bitbucket;

fn repo(place: &Place) -> String {
    format!("/repositories/{}", parts(&place.repo))
}

fn comments_of(place: &Place, change: u64) -> String {
    format!("{}/pullrequests/{change}/comments", repo(place))
}

/// A name that fits: itself, or its beginning with a digest of all of it.
fn key(name: &str) -> String {
    if name.chars().count() <= KEY {
        return name.to_owned();
    }
    let digest = hex::encode(sha2::Sha256::digest(name));
    format!("{}-{}", short(name, KEY - 9), &digest[..8])
}

impl Forge for Bitbucket {
    fn enter(&self, place: &Place, request: Request) -> Request {
        match &place.user {
            Some(user) => basic(request, user, &place.token),
            None => bearer(request, "Bearer", &place.token),
        }
    }

    fn comments(&self, place: &Place, change: u64) -> Ask {
        Ask::new(Method::Get, format!("{}?pagelen=100", comments_of(place, change)))
    }

    fn read(&self, answer: &Value) -> Vec<Comment> {
        let comment = |item: &Value| Comment {
            id: name(&item["id"]),
            body: item["content"]["raw"].as_str().unwrap_or_default().to_owned(),
            is_minimised: false,
            node: None,
        };
        items(answer, "values").filter(|item| item["deleted"] != true).map(comment).collect()
    }

    fn next(&self, answer: &Value) -> Option<String> {
        answer["next"].as_str().map(str::to_owned)
    }

    fn create(&self, place: &Place, change: u64, body: &str) -> Ask {
        Ask::with(Method::Post, comments_of(place, change), json!({ "content": { "raw": body } }))
    }

    fn update(&self, place: &Place, change: u64, comment: &Comment, body: &str) -> Ask {
        let path = format!("{}/{}", comments_of(place, change), part(&comment.id));
        Ask::with(Method::Put, path, json!({ "content": { "raw": body } }))
    }

    fn status(&self, place: &Place, commit: &str, status: &Status) -> Ask {
        let state = match status.state {
            State::Good => "SUCCESSFUL",
            State::Bad => "FAILED",
            State::Unsure => "STOPPED",
        };
        // The address is not optional there.
        let link = status.link.clone().unwrap_or_else(|| "https://bitbucket.org".to_owned());
        let body = json!({
            "key": key(&status.name),
            "state": state,
            "name": status.name,
            "description": status.text,
            "url": link,
        });
        Ask::with(Method::Post, format!("{}/commit/{}/statuses/build", repo(place), part(commit)), body)
    }
}
