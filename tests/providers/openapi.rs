//! A vendor's own OpenAPI description as a check: requests that keyform sends and answers that it gets
//! both have to fit it.

use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Check;
use crate::services;
use serde_json::Value;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;

pub struct Description {
    document: Value,
    /// By the place of the schema in the document, so that each is built once.
    validators: Mutex<HashMap<String, Arc<jsonschema::Validator>>>,
}

/// The check for fronts of GitHub.
pub fn github() -> Check {
    static GITHUB: LazyLock<Description> = LazyLock::new(|| Description::new(services::description("github.json")));
    Arc::new(|call, answer| GITHUB.check(call, answer))
}

impl Description {
    /// Of a document whose schemas are those of JSON Schema; `basic-error` among them is what every refusal fits.
    pub fn new(document: Value) -> Self {
        Self { document, validators: Mutex::default() }
    }

    /// What is wrong with an exchange.
    pub fn check(&self, call: &Call, answer: &Answer) -> Vec<String> {
        let title = format!("{} {}", call.method, call.target);
        let Some(template) = self.template(call) else { return vec![format!("{title}: no such path")] };
        let place = format!("/paths/{}/{}", template.replace('~', "~0").replace('/', "~1"), call.method.to_lowercase());
        let Some(operation) = self.document.pointer(&place) else { return vec![format!("{title}: no such method")] };
        let mut problems = self.query_problems(operation, call);
        if call.body.is_empty() {
            if operation["requestBody"]["required"] == true {
                problems.push("a body is wanted".into());
            }
        } else {
            let schema = format!("{place}/requestBody/content/application~1json/schema");
            problems.extend(self.body_problems(&schema, &call.body, call.header("content-type"), "the request"));
        }
        problems.extend(self.answer_problems(operation, &place, answer));
        problems.into_iter().map(|problem| format!("{title}: {problem}")).collect()
    }

    /// The path of the description that fits; one without placeholders fits best.
    pub fn template(&self, call: &Call) -> Option<&str> {
        let fits = |template: &&String| {
            let parts: Vec<&str> = template.trim_start_matches('/').split('/').collect();
            parts.len() == call.path.len()
                && parts.iter().zip(&call.path).all(|(part, given)| part.starts_with('{') || part == given)
        };
        let paths = self.document["paths"].as_object().unwrap();
        paths.keys().filter(fits).min_by_key(|template| template.matches('{').count()).map(String::as_str)
    }

    fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => node,
        }
    }

    fn query_problems(&self, operation: &Value, call: &Call) -> Vec<String> {
        let parameters: Vec<&Value> =
            operation["parameters"].as_array().into_iter().flatten().map(|p| self.resolved(p)).collect();
        let mut problems = Vec::new();
        for (name, value) in &call.query {
            match parameters.iter().find(|p| p["in"] == "query" && p["name"] == **name) {
                None => problems.push(format!("there is no parameter `{name}`")),
                Some(p) if p["schema"]["type"] == "integer" && value.parse::<i64>().is_err() => {
                    problems.push(format!("`{name}` is a number"));
                }
                Some(_) => {}
            }
        }
        problems
    }

    fn answer_problems(&self, operation: &Value, place: &str, answer: &Answer) -> Vec<String> {
        let status = answer.status.to_string();
        let declared = &operation["responses"][&status];
        if declared.is_null() {
            // The description leaves out most refusals; they all look alike.
            let schema = "/components/schemas/basic-error";
            return if answer.status < 400 {
                vec![format!("it never answers {status}")]
            } else {
                self.body_problems(schema, &answer.body, "application/json", "the refusal")
            };
        }
        let place = match declared["$ref"].as_str() {
            Some(reference) => reference.trim_start_matches('#').to_owned(),
            None => format!("{place}/responses/{status}"),
        };
        let schema = format!("{place}/content/application~1json/schema");
        if self.document.pointer(&schema).is_none() {
            return if answer.body.is_empty() { Vec::new() } else { vec![format!("{status} has no body")] };
        }
        let kind = answer.headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, kind)| kind);
        self.body_problems(&schema, &answer.body, kind, &format!("the answer {status}"))
    }

    fn body_problems(&self, schema: &str, body: &[u8], kind: &str, what: &str) -> Vec<String> {
        if !kind.starts_with("application/json") {
            return vec![format!("{what} is not JSON but `{kind}`")];
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return vec![format!("{what} is no JSON")] };
        let validator = self.validator(schema);
        validator
            .iter_errors(&body)
            .map(|e| format!("{what}, `{}`: {}", e.instance_path(), e.kind().keyword()))
            .collect()
    }

    fn validator(&self, schema: &str) -> Arc<jsonschema::Validator> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(schema.to_owned()).or_insert_with(|| {
            let whole = json!({
                "$schema": "http://json-schema.org/draft-07/schema#",
                "allOf": [self.document.pointer(schema)],
                "components": self.document["components"],
            });
            Arc::new(jsonschema::validator_for(&whole).unwrap())
        });
        Arc::clone(validator)
    }
}
