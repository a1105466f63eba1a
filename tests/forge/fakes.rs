//! The platforms as their documentation tells of them: comments, labels and statuses of one change, in memory.
//!
//! <https://docs.github.com/rest>, <https://docs.gitlab.com/api/rest/>,
//! <https://developer.atlassian.com/cloud/bitbucket/rest/>, <https://learn.microsoft.com/rest/api/azure/devops/git/>,
//! <https://docs.gitea.com/api/>.

use crate::forge::issues;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use serde_json::Value;
use serde_json::json;

/// The token that is let in.
pub const TOKEN: &str = "canary-forge-token-0123456789";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    GitHub,
    GitLab,
    Bitbucket,
    Azure,
    Gitea,
}

pub const KINDS: [Kind; 5] = [Kind::GitHub, Kind::GitLab, Kind::Bitbucket, Kind::Azure, Kind::Gitea];

#[derive(Debug, Clone)]
pub struct Comment {
    pub id: u64,
    pub body: String,
    pub is_minimised: bool,
    /// Whether the token may not change it.
    pub is_foreign: bool,
}

/// One change on one platform.
pub struct Fake {
    pub kind: Kind,
    pub comments: Vec<Comment>,
    pub labels: Vec<String>,
    /// Labels that the repository has, at Gitea.
    pub known: Vec<String>,
    /// Statuses and checks, as they were asked for, with the commit.
    pub marks: Vec<(String, Value)>,
    /// Issues, with whether they are open.
    pub issues: Vec<(String, String, bool)>,
    /// Labels of a new issue that the token may not set.
    pub is_label_dropped: bool,
    /// Everything that was not only read.
    pub writes: Vec<String>,
    pub url: String,
}

impl Fake {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            comments: Vec::new(),
            labels: Vec::new(),
            known: Vec::new(),
            marks: Vec::new(),
            issues: Vec::new(),
            is_label_dropped: false,
            writes: Vec::new(),
            url: String::new(),
        }
    }

    /// A comment that somebody wrote.
    pub fn plant(&mut self, body: &str, is_foreign: bool) {
        let id = 1 + self.comments.len() as u64;
        self.comments.push(Comment { id, body: body.to_owned(), is_minimised: false, is_foreign });
    }

    fn is_let_in(&self, call: &Call) -> bool {
        let authorization = call.header("authorization");
        match self.kind {
            Kind::GitHub | Kind::Bitbucket => authorization == format!("Bearer {TOKEN}"),
            Kind::Gitea => authorization == format!("token {TOKEN}"),
            Kind::GitLab => call.header("private-token") == TOKEN,
            Kind::Azure => {
                use base64::Engine;
                let pair = base64::engine::general_purpose::STANDARD.encode(format!(":{TOKEN}"));
                authorization == format!("Basic {pair}")
            }
        }
    }

    pub fn answer(&mut self, call: &Call) -> Answer {
        if !self.is_let_in(call) {
            return Answer::json(401, &json!({ "message": "Bad credentials" }));
        }
        if !call.is_read() {
            self.writes.push(format!("{} {}", call.method, call.target));
        }
        if call.path.last().is_some_and(|last| last == "issues")
            || call.path.iter().rev().nth(1).is_some_and(|part| part == "issues")
        {
            return issues::answer(self, call);
        }
        match self.kind {
            Kind::GitHub => self.github(call),
            Kind::GitLab => self.gitlab(call),
            Kind::Bitbucket => self.bitbucket(call),
            Kind::Azure => self.azure(call),
            Kind::Gitea => self.gitea(call),
        }
    }

    /// A page of comments, and the number of the next one.
    fn page(&self, call: &Call, size: usize) -> (Vec<&Comment>, Option<usize>) {
        let page: usize = call.query("page").map_or(1, |page| page.parse().unwrap());
        let start = (page - 1) * size;
        let rest = self.comments.len().saturating_sub(start + size);
        (self.comments.iter().skip(start).take(size).collect(), (rest > 0).then_some(page + 1))
    }

    /// A list as GitHub and GitLab page it.
    fn linked(&self, call: &Call, show: impl Fn(&Comment) -> Value) -> Answer {
        let size = call.query("per_page").map_or(30, |size| size.parse().unwrap());
        let (comments, next) = self.page(call, size);
        let answer = Answer::json(200, &comments.into_iter().map(show).collect::<Vec<_>>().into());
        match next {
            Some(page) => {
                let path = call.target.split('?').next().unwrap();
                let (next, first) = (format!("{}{path}?per_page={size}&page={page}", self.url), &self.url);
                answer.with("link", format!("<{first}{path}?page=1>; rel=\"first\", <{next}>; rel=\"next\""))
            }
            None => answer,
        }
    }

    fn create(&mut self, body: &Value) -> &Comment {
        let text = body.as_str().unwrap().to_owned();
        assert!(text.chars().count() <= 65_536, "no platform here takes that much from these tests");
        self.plant(&text, false);
        self.comments.last().unwrap()
    }

    fn update(&mut self, id: &str, body: &Value) -> Option<&Comment> {
        let id: u64 = id.parse().unwrap();
        let comment = self.comments.iter_mut().find(|comment| comment.id == id)?;
        body.as_str().unwrap().clone_into(&mut comment.body);
        Some(comment)
    }

    fn is_foreign(&self, id: &str) -> bool {
        let id: u64 = id.parse().unwrap();
        self.comments.iter().any(|comment| comment.id == id && comment.is_foreign)
    }

    fn github(&mut self, call: &Call) -> Answer {
        let body = call.json().unwrap_or_default();
        let base = "https://api.github.com/repos/acme/shop";
        let show = |comment: &Comment| {
            let minimized = comment.is_minimised.then(|| json!({ "reason": "outdated" }));
            json!({
                "id": comment.id,
                "node_id": format!("IC_{}", comment.id),
                "url": format!("{base}/issues/comments/{}", comment.id),
                "html_url": format!("https://github.com/acme/shop/pull/7#issuecomment-{}", comment.id),
                "issue_url": format!("{base}/issues/7"),
                "user": null,
                "created_at": "2026-11-21T12:00:00Z",
                "updated_at": "2026-11-21T12:00:00Z",
                "body": comment.body,
                "minimized": minimized,
            })
        };
        let label = |name: &String| json!({ "id": 1, "node_id": "L", "url": format!("{base}/labels/x"), "name": name, "color": "ededed", "default": false, "description": null });
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("GET", ["repos", "acme", "shop", "issues", "7", "comments"]) => self.linked(call, show),
            ("POST", ["repos", "acme", "shop", "issues", "7", "comments"]) => {
                Answer::json(201, &show(self.create(&body["body"])))
            }
            ("PATCH", ["repos", "acme", "shop", "issues", "comments", id]) if self.is_foreign(id) => {
                Answer::json(403, &json!({ "message": "Resource not accessible", "documentation_url": "x" }))
            }
            ("PATCH", ["repos", "acme", "shop", "issues", "comments", id]) => {
                Answer::json(200, &show(self.update(id, &body["body"]).unwrap()))
            }
            ("POST", ["graphql"]) => {
                let id = body["variables"]["id"].as_str().unwrap().strip_prefix("IC_").unwrap().to_owned();
                assert!(body["query"].as_str().unwrap().contains("minimizeComment"));
                let comment = self.comments.iter_mut().find(|comment| comment.id.to_string() == id).unwrap();
                comment.is_minimised = true;
                Answer::json(200, &json!({ "data": { "minimizeComment": { "clientMutationId": null } } }))
            }
            ("GET", ["repos", "acme", "shop", "issues", "7", "labels"]) => {
                Answer::json(200, &self.labels.iter().map(label).collect::<Vec<_>>().into())
            }
            ("POST", ["repos", "acme", "shop", "issues", "7", "labels"]) => {
                self.labels.push(body["labels"][0].as_str().unwrap().to_owned());
                Answer::json(200, &self.labels.iter().map(label).collect::<Vec<_>>().into())
            }
            ("DELETE", ["repos", "acme", "shop", "issues", "7", "labels", name]) => {
                self.labels.retain(|label| label != name);
                Answer::json(200, &self.labels.iter().map(label).collect::<Vec<_>>().into())
            }
            ("POST", ["repos", "acme", "shop", "statuses", commit]) => {
                self.marks.push(((*commit).to_owned(), body.clone()));
                let status = json!({
                    "url": format!("{base}/statuses/{commit}"), "avatar_url": null, "id": 1, "node_id": "S",
                    "state": body["state"], "description": body["description"], "target_url": body["target_url"],
                    "context": body["context"], "created_at": "2026-11-21T12:00:00Z",
                    "updated_at": "2026-11-21T12:00:00Z", "creator": null,
                });
                Answer::json(201, &status)
            }
            ("POST", ["repos", "acme", "shop", "check-runs"]) => {
                self.marks.push((body["head_sha"].as_str().unwrap().to_owned(), body.clone()));
                let notes = body["output"]["annotations"].as_array().unwrap().len();
                let run = json!({
                    "id": 4, "head_sha": body["head_sha"], "node_id": "C", "external_id": "", "url": base,
                    "html_url": null, "details_url": body["details_url"], "status": "completed",
                    "conclusion": body["conclusion"], "started_at": null, "completed_at": null,
                    "output": {
                        "title": body["output"]["title"], "summary": body["output"]["summary"], "text": null,
                        "annotations_count": notes, "annotations_url": base,
                    },
                    "name": body["name"], "check_suite": null, "app": null, "pull_requests": [],
                });
                Answer::json(201, &run)
            }
            _ => Answer::json(404, &json!({ "message": "Not Found", "documentation_url": "x" })),
        }
    }

    fn gitlab(&mut self, call: &Call) -> Answer {
        let body = call.json().unwrap_or_default();
        let show =
            |comment: &Comment| json!({ "id": comment.id, "body": comment.body, "system": false, "noteable_iid": 7 });
        let (method, path) = call.route();
        let ["api", "v4", "projects", "42", rest @ ..] = path.as_slice() else {
            return Answer::json(404, &json!({ "message": "404 Project Not Found" }));
        };
        match (method, rest) {
            ("GET", ["merge_requests", "7", "notes"]) => self.linked(call, show),
            ("POST", ["merge_requests", "7", "notes"]) => Answer::json(201, &show(self.create(&body["body"]))),
            ("PUT", ["merge_requests", "7", "notes", id]) if self.is_foreign(id) => {
                Answer::json(403, &json!({ "message": "403 Forbidden" }))
            }
            ("PUT", ["merge_requests", "7", "notes", id]) => {
                Answer::json(200, &show(self.update(id, &body["body"]).unwrap()))
            }
            ("GET", ["merge_requests", "7"]) => Answer::json(200, &json!({ "iid": 7, "labels": self.labels })),
            ("PUT", ["merge_requests", "7"]) => {
                let list = |field: &str| -> Vec<String> {
                    body[field].as_str().map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
                };
                let gone = list("remove_labels");
                self.labels.retain(|label| !gone.contains(label));
                self.labels.extend(list("add_labels"));
                Answer::json(200, &json!({ "iid": 7, "labels": self.labels }))
            }
            ("POST", ["statuses", commit]) => {
                assert!(
                    ["pending", "running", "success", "failed", "canceled", "skipped"]
                        .contains(&body["state"].as_str().unwrap())
                );
                self.marks.push(((*commit).to_owned(), body.clone()));
                Answer::json(201, &json!({ "id": 1, "sha": commit, "status": body["state"], "name": body["name"] }))
            }
            _ => Answer::json(404, &json!({ "message": "404 Not found" })),
        }
    }

    fn bitbucket(&mut self, call: &Call) -> Answer {
        let body = call.json().unwrap_or_default();
        let show = |comment: &Comment| json!({ "id": comment.id, "content": { "raw": comment.body, "markup": "markdown" }, "deleted": false });
        let refused = |status| Answer::json(status, &json!({ "type": "error", "error": { "message": "No" } }));
        let (method, path) = call.route();
        match (method, path.as_slice()) {
            ("GET", ["repositories", "acme", "shop", "pullrequests", "7", "comments"]) => {
                let size = call.query("pagelen").map_or(10, |size| size.parse().unwrap());
                let (comments, next) = self.page(call, size);
                let mut answer =
                    json!({ "pagelen": size, "values": comments.into_iter().map(show).collect::<Vec<_>>() });
                if let Some(page) = next {
                    let path = call.target.split('?').next().unwrap();
                    answer["next"] = format!("{}{path}?pagelen={size}&page={page}", self.url).into();
                }
                Answer::json(200, &answer)
            }
            ("POST", ["repositories", "acme", "shop", "pullrequests", "7", "comments"]) => {
                Answer::json(201, &show(self.create(&body["content"]["raw"])))
            }
            ("PUT", ["repositories", "acme", "shop", "pullrequests", "7", "comments", id]) if self.is_foreign(id) => {
                refused(403)
            }
            ("PUT", ["repositories", "acme", "shop", "pullrequests", "7", "comments", id]) => {
                Answer::json(200, &show(self.update(id, &body["content"]["raw"]).unwrap()))
            }
            ("POST", ["repositories", "acme", "shop", "commit", commit, "statuses", "build"]) => {
                let key = body["key"].as_str().unwrap();
                assert!(key.chars().count() <= 40 && body["url"].is_string());
                self.marks.push(((*commit).to_owned(), body.clone()));
                Answer::json(201, &body)
            }
            _ => refused(404),
        }
    }

    fn azure(&mut self, call: &Call) -> Answer {
        if call.query("api-version") != Some("7.1") {
            return Answer::json(400, &json!({ "message": "No api-version was supplied" }));
        }
        let body = call.json().unwrap_or_default();
        let thread = |comment: &Comment| json!({ "id": comment.id, "isDeleted": false, "comments": [{ "id": 1, "content": comment.body, "commentType": "text", "isDeleted": false }] });
        let label = |name: &String| json!({ "id": format!("id-of-{name}"), "name": name, "active": true });
        let (method, path) = call.route();
        let ["my team", "_apis", "git", "repositories", "shop", rest @ ..] = path.as_slice() else {
            return Answer::json(404, &json!({ "message": "not found" }));
        };
        match (method, rest) {
            ("GET", ["pullRequests", "7", "threads"]) => {
                let threads: Vec<Value> = self.comments.iter().map(thread).collect();
                Answer::json(200, &json!({ "value": threads, "count": threads.len() }))
            }
            ("POST", ["pullRequests", "7", "threads"]) => {
                let comment = self.create(&body["comments"][0]["content"]);
                Answer::json(200, &thread(comment))
            }
            ("PATCH", ["pullRequests", "7", "threads", id, "comments", "1"]) if self.is_foreign(id) => {
                Answer::json(403, &json!({ "message": "TF401027" }))
            }
            ("PATCH", ["pullRequests", "7", "threads", id, "comments", "1"]) => {
                Answer::json(200, &thread(self.update(id, &body["content"]).unwrap())["comments"][0])
            }
            ("GET", ["pullRequests", "7", "labels"]) => {
                Answer::json(200, &json!({ "value": self.labels.iter().map(label).collect::<Vec<_>>() }))
            }
            ("POST", ["pullRequests", "7", "labels"]) => {
                let name = body["name"].as_str().unwrap().to_owned();
                self.labels.push(name.clone());
                Answer::json(200, &label(&name))
            }
            ("DELETE", ["pullRequests", "7", "labels", id]) => {
                self.labels.retain(|name| format!("id-of-{name}") != *id);
                Answer::empty(200)
            }
            ("POST", ["commits", commit, "statuses"]) => {
                self.marks.push(((*commit).to_owned(), body.clone()));
                Answer::json(201, &body)
            }
            _ => Answer::json(404, &json!({ "message": "not found" })),
        }
    }

    fn gitea(&mut self, call: &Call) -> Answer {
        let body = call.json().unwrap_or_default();
        let show = |comment: &Comment| json!({ "id": comment.id, "body": comment.body, "pull_request_url": "x" });
        let number = |known: &[String], name: &String| 1 + known.iter().position(|label| label == name).unwrap();
        let (method, path) = call.route();
        let ["repos", "acme", "shop", rest @ ..] = path.as_slice() else {
            return Answer::json(404, &json!({ "message": "not found" }));
        };
        match (method, rest) {
            ("GET", ["issues", "7", "comments"]) => {
                Answer::json(200, &self.comments.iter().map(show).collect::<Vec<_>>().into())
            }
            ("POST", ["issues", "7", "comments"]) => Answer::json(201, &show(self.create(&body["body"]))),
            ("PATCH", ["issues", "comments", id]) if self.is_foreign(id) => Answer::empty(403),
            ("PATCH", ["issues", "comments", id]) => Answer::json(200, &show(self.update(id, &body["body"]).unwrap())),
            ("GET", ["labels"]) => {
                let label = |name: &String| json!({ "id": number(&self.known, name), "name": name });
                Answer::json(200, &self.known.iter().map(label).collect::<Vec<_>>().into())
            }
            ("POST", ["labels"]) => {
                self.known.push(body["name"].as_str().unwrap().to_owned());
                Answer::json(201, &json!({ "id": self.known.len(), "name": body["name"], "color": body["color"] }))
            }
            ("GET", ["issues", "7", "labels"]) => {
                let label = |name: &String| json!({ "id": number(&self.known, name), "name": name });
                Answer::json(200, &self.labels.iter().map(label).collect::<Vec<_>>().into())
            }
            ("POST", ["issues", "7", "labels"]) => {
                let id = body["labels"][0].as_u64().unwrap();
                self.labels.push(self.known[usize::try_from(id).unwrap() - 1].clone());
                Answer::json(200, &json!([]))
            }
            ("DELETE", ["issues", "7", "labels", id]) => {
                let known = self.known.clone();
                self.labels.retain(|name| number(&known, name).to_string() != *id);
                Answer::empty(204)
            }
            ("POST", ["statuses", commit]) => {
                self.marks.push(((*commit).to_owned(), body.clone()));
                Answer::json(201, &body)
            }
            _ => Answer::json(404, &json!({ "message": "not found" })),
        }
    }
}
