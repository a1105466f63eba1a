//! AWS, as moto plays it: every stand is an account of its own. What moto lets pass, the front's checks
//! hold to AWS's own models.

use crate::laws::stand::Everything;
use crate::laws::stand::Facts;
use crate::laws::stand::Ground;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::secret;
use crate::laws::stand::spec;
use crate::laws::stand::unique;
use crate::laws::text;
use crate::providers::aws;
use crate::providers::front::Check;
use crate::providers::front::Front;
use crate::services;
use keyform::model::attrs::Attrs;
use keyform::provider::Spec;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

const REGION: &str = "eu-central-1";
/// What a parameter's name starts with.
const PATH: &str = "/app/prod/";
/// The one secret that holds all keys.
const CONTAINER: &str = "app/prod";

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    OneToOne,
    ManyToOne,
    Parameters,
}

pub struct Aws {
    kind: Kind,
    access_key: String,
}

/// A role in a new account.
fn new_role() -> String {
    format!("arn:aws:iam::{}:role/keyform", 200_000_000_000 + unique())
}

/// The keys of a role.
async fn keys(role: &str) -> (String, String) {
    let body = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=tests");
    let scope =
        format!("AWS4-HMAC-SHA256 Credential=AKIA/20261121/{REGION}/sts/aws4_request, SignedHeaders=host, Signature=0");
    let scope = ("authorization".to_owned(), scope);
    let (_, answer) = services::ask(services::moto(), &format!("POST /?{body}"), &[scope], None).await;
    let between = |name: &str| {
        let text = answer.as_str().unwrap().split(&format!("<{name}>")).nth(1).unwrap();
        text.split('<').next().unwrap().to_owned()
    };
    (between("AccessKeyId"), between("SecretAccessKey"))
}

impl Aws {
    async fn ask(&self, target: &str, body: Value) -> Value {
        let service = if target.starts_with("AmazonSSM") { "ssm" } else { "secretsmanager" };
        let scope = format!("{}/20261121/{REGION}/{service}/aws4_request", self.access_key);
        let headers = [
            ("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")),
            ("x-amz-target", target.to_owned()),
            ("content-type", "application/x-amz-json-1.1".to_owned()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        services::ask(services::moto(), "POST /", &headers, Some(body)).await.1
    }

    async fn container(&self) -> BTreeMap<String, Value> {
        let answer = self.ask("secretsmanager.GetSecretValue", json!({ "SecretId": CONTAINER })).await;
        answer["SecretString"].as_str().map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default()
    }

    async fn set_container(&self, fields: Value) {
        let text = fields.to_string();
        self.ask("secretsmanager.CreateSecret", json!({ "Name": CONTAINER, "SecretString": text })).await;
        self.ask("secretsmanager.PutSecretValue", json!({ "SecretId": CONTAINER, "SecretString": text })).await;
    }

    /// Every secret of the account by name, with its value and attributes.
    async fn secrets(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        let mut next = Value::Null;
        loop {
            let body = if next.is_null() {
                json!({ "MaxResults": 100 })
            } else {
                json!({ "MaxResults": 100, "NextToken": next })
            };
            let page = self.ask("secretsmanager.ListSecrets", body).await;
            for entry in page["SecretList"].as_array().unwrap() {
                let name = entry["Name"].as_str().unwrap();
                let mut value = self.ask("secretsmanager.GetSecretValue", json!({ "SecretId": name })).await;
                value["Description"] = entry["Description"].clone();
                value["Tags"] = entry["Tags"].clone();
                all.insert(name.to_owned(), value);
            }
            next = page["NextToken"].clone();
            if next.is_null() {
                return all;
            }
        }
    }

    /// Every parameter below `/app` by name.
    async fn parameters(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        let mut next = Value::Null;
        loop {
            let mut body = json!({ "Path": "/app/", "Recursive": true, "WithDecryption": true, "MaxResults": 10 });
            if !next.is_null() {
                body["NextToken"] = next;
            }
            let page = self.ask("AmazonSSM.GetParametersByPath", body).await;
            for entry in page["Parameters"].as_array().unwrap() {
                all.insert(entry["Name"].as_str().unwrap().to_owned(), entry.clone());
            }
            next = page["NextToken"].clone();
            if next.is_null() {
                return all;
            }
        }
    }

    /// The tags of what holds a key.
    pub async fn tags(&self, key: &str) -> BTreeMap<String, String> {
        let answer = match self.kind {
            Kind::Parameters => {
                let body = json!({ "ResourceType": "Parameter", "ResourceId": format!("{PATH}{key}") });
                self.ask("AmazonSSM.ListTagsForResource", body).await["TagList"].take()
            }
            _ => self.ask("secretsmanager.DescribeSecret", json!({ "SecretId": self.name(key) })).await["Tags"].take(),
        };
        let text = |tag: &Value, name: &str| tag[name].as_str().unwrap().to_owned();
        answer.as_array().unwrap().iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
    }

    /// Puts a tag there past keyform.
    pub async fn tag(&self, key: &str, name: &str, value: &str) {
        let tags = json!([{ "Key": name, "Value": value }]);
        match self.kind {
            Kind::Parameters => {
                let body = json!({ "ResourceType": "Parameter", "ResourceId": format!("{PATH}{key}"), "Tags": tags });
                self.ask("AmazonSSM.AddTagsToResource", body).await
            }
            _ => {
                let body = json!({ "SecretId": self.name(key), "Tags": tags });
                self.ask("secretsmanager.TagResource", body).await
            }
        };
    }

    /// The secret that holds a key.
    fn name<'k>(&self, key: &'k str) -> &'k str {
        if self.kind == Kind::ManyToOne { CONTAINER } else { key }
    }

    pub async fn holds(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap_or("(binary)").to_owned();
        match self.kind {
            Kind::OneToOne => self.secrets().await.into_iter().map(|(k, v)| (k, text(&v["SecretString"]))).collect(),
            Kind::ManyToOne => self.container().await.into_iter().map(|(k, v)| (k, text(&v))).collect(),
            Kind::Parameters => {
                let all = self.parameters().await.into_iter();
                all.filter_map(|(name, v)| Some((name.strip_prefix(PATH)?.to_owned(), text(&v["Value"]))))
                    .filter(|(key, _)| !key.contains('/'))
                    .collect()
            }
        }
    }

    pub async fn everything(&self) -> Everything {
        match self.kind {
            Kind::OneToOne => {
                self.secrets().await.into_iter().map(|(k, v)| (format!("own {k}"), v.to_string())).collect()
            }
            Kind::ManyToOne => {
                let beside = self.secrets().await.into_iter().filter(|(name, _)| name != CONTAINER);
                let own = self.container().await.into_iter().map(|(k, v)| (format!("own {k}"), v));
                own.chain(beside).map(|(k, v)| (k, v.to_string())).collect()
            }
            Kind::Parameters => {
                let own = |name: String| name.strip_prefix(PATH).map_or(name.clone(), |key| format!("own {key}"));
                self.parameters().await.into_iter().map(|(name, v)| (own(name), v.to_string())).collect()
            }
        }
    }

    pub async fn plant(&self, entries: &BTreeMap<String, String>) {
        if self.kind == Kind::ManyToOne {
            return self.set_container(json!(entries)).await;
        }
        for (key, value) in entries {
            match self.kind {
                Kind::OneToOne => {
                    self.ask("secretsmanager.CreateSecret", json!({ "Name": key, "SecretString": value })).await
                }
                _ => self.put(&format!("{PATH}{key}"), value, "SecureString").await,
            };
        }
    }

    async fn put(&self, name: &str, value: &str, kind: &str) -> Value {
        self.ask("AmazonSSM.PutParameter", json!({ "Name": name, "Value": value, "Type": kind })).await
    }

    pub async fn plant_neighbours(&self, keys: &[&str]) {
        match self.kind {
            Kind::OneToOne => {
                let theirs = json!({ "Name": "THEIRS", "SecretString": "as it is", "Description": "theirs",
                    "Tags": [{ "Key": "owner", "Value": "them" }] });
                self.ask("secretsmanager.CreateSecret", theirs).await;
                self.ask("secretsmanager.CreateSecret", json!({ "Name": "BINARY", "SecretBinary": "AAEC" })).await;
            }
            Kind::ManyToOne => {
                self.set_container(json!({ "THEIRS": "as it is", "number": 7, "nested": { "a": [1] } })).await;
                self.ask("secretsmanager.CreateSecret", json!({ "Name": keys[0], "SecretString": "theirs" })).await;
            }
            Kind::Parameters => {
                self.put(&format!("{PATH}THEIRS"), "as it is", "String").await;
                self.put(&format!("{PATH}below/{}", keys[0]), "theirs", "SecureString").await;
                self.put(&format!("/app/dev/{}", keys[0]), "theirs", "SecureString").await;
            }
        }
    }

    pub async fn clear(&self) {
        for key in self.holds().await.into_keys() {
            match self.kind {
                Kind::Parameters => {
                    self.ask("AmazonSSM.DeleteParameter", json!({ "Name": format!("{PATH}{key}") })).await
                }
                Kind::OneToOne => self.forget(&key).await,
                Kind::ManyToOne => self.forget(CONTAINER).await,
            };
        }
    }

    async fn forget(&self, name: &str) -> Value {
        let body = json!({ "SecretId": name, "ForceDeleteWithoutRecovery": true });
        self.ask("secretsmanager.DeleteSecret", body).await
    }
}

fn facts(kind: Kind) -> Facts {
    let characters = |text: &str| !text.is_empty();
    Facts {
        readable: true,
        versions: true,
        deletes_the_gone: kind == Kind::Parameters,
        empty: kind == Kind::ManyToOne,
        max_bytes: match kind {
            Kind::OneToOne => 65536,
            Kind::ManyToOne => 30_000,
            Kind::Parameters => 8192,
        },
        limits_values: kind != Kind::ManyToOne,
        // A parameter's value may not refer to another: `{{ssm:name}}`.
        takes: if kind == Kind::Parameters { |text| !text.is_empty() && !text.contains("{{") } else { characters },
        capacity: (kind == Kind::Parameters).then_some(10_000),
        // A page may promise another one that is empty.
        reads: match kind {
            Kind::OneToOne => |n| (n.div_ceil(100).max(1) + n.div_ceil(20)) as u64,
            Kind::ManyToOne => |_| 1,
            Kind::Parameters => |n| (n / 10 + 1) as u64,
        },
        writes: if kind == Kind::ManyToOne { 1 } else { 3 },
        throttled: aws::throttled(),
        unauthorized: aws::unauthorized(),
        good_keys: match kind {
            Kind::OneToOne => &["A", "a/b", "a_b+c=d.e@f-g"],
            Kind::ManyToOne => &["A", "a b", "ü"],
            Kind::Parameters => &["A", "a.b-c_d"],
        },
        bad_keys: match kind {
            Kind::OneToOne => &["a b", "ü", "a:b"],
            Kind::ManyToOne => &[""],
            Kind::Parameters => &["a b", "ü", "a:b", "a@b"],
        },
        // moto takes all of them.
        vendor_checks_keys: false,
        vendor_checks_credentials: false,
    }
}

async fn stand(kind: Kind, slug: &str, destination: Attrs) -> Stand {
    let (access_key, secret_key) = keys(&new_role()).await;
    let checks: Vec<Check> = vec![aws::model(), aws::signature(&secret_key)];
    let front = Front::before_service(services::moto(), checks).await;
    let connection = attrs([("access_key_id", text(&access_key)), ("secret_access_key", secret(&secret_key))]);
    Stand {
        spec: spec(slug, "access-key", connection, destination),
        redirect: redirect(&front),
        front: Some(front),
        ground: Ground::Aws(Aws { kind, access_key }),
        facts: facts(kind),
        credentials: vec![secret_key],
    }
}

/// The hosts of AWS that are asked.
fn redirect(front: &Arc<Front>) -> BTreeMap<String, std::net::SocketAddr> {
    let hosts = ["ssm", "secretsmanager", "sts"].map(|service| format!("{service}.{REGION}.amazonaws.com"));
    let global = ["sts.amazonaws.com".to_owned(), "sts.us-east-1.amazonaws.com".to_owned()];
    hosts.into_iter().chain(global).map(|host| (host, front.address)).collect()
}

pub async fn secrets_manager_one() -> Stand {
    let destination = attrs([("region", text(REGION)), ("mapping_behavior", text("one-to-one"))]);
    stand(Kind::OneToOne, "aws-secrets-manager", destination).await
}

pub async fn secrets_manager_many() -> Stand {
    let destination =
        attrs([("region", text(REGION)), ("mapping_behavior", text("many-to-one")), ("secret_name", text(CONTAINER))]);
    stand(Kind::ManyToOne, "aws-secrets-manager", destination).await
}

pub async fn parameter_store() -> Stand {
    let destination = attrs([("region", text(REGION)), ("path", text(PATH))]);
    stand(Kind::Parameters, "aws-parameter-store", destination).await
}

/// A role, and the sync that assumes it. If the role is a new one, also what is really there.
pub async fn assumed_parameter_store(role: Option<&str>) -> (String, Spec, Option<Ground>) {
    let new = role.map_or_else(new_role, str::to_owned);
    let destination = attrs([("region", text(REGION)), ("path", text(PATH))]);
    let spec = spec("aws-parameter-store", "assume-role", attrs([("role_arn", secret(&new))]), destination);
    let ground = match role {
        Some(_) => None,
        None => Some(Ground::Aws(Aws { kind: Kind::Parameters, access_key: keys(&new).await.0 })),
    };
    (new, spec, ground)
}
