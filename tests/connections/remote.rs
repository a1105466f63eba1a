//! What only a remote backend has: gateways, and credentials that it changes itself. A small fake plays it.

use super::backend_block;
use super::differing;
use crate::engine::World;
use crate::engine::rows;
use crate::providers::front::Answer;
use crate::providers::front::Call;
use crate::providers::front::Front;
use keyform::engine::Scope;
use serde_json::Value;
use serde_json::json;
use std::sync::Arc;
use std::sync::Mutex;

const CONNECTIONS: &str = "app-connections";

/// Some connections, and how often credentials were written.
#[derive(Default)]
struct Remote {
    connections: Vec<Value>,
    writes: u32,
}

impl Remote {
    fn answer(&mut self, call: &Call) -> Answer {
        let (method, path) = call.route();
        let body = call.json().unwrap_or_default();
        match (method, &path[1..]) {
            ("POST", ["v1", "auth", ..]) => {
                let token = json!({"accessToken": "canary-token", "expiresIn": 7200, "accessTokenMaxTTL": 7200,
                    "tokenType": "Bearer"});
                Answer::json(200, &token)
            }
            ("GET", ["v1", "projects"]) => Answer::json(200, &json!({"projects": []})),
            ("GET", ["v2", "gateways"]) => {
                let gateway = |id: &str, name: &str| json!({"id": id, "name": name, "heartbeat": null});
                Answer::json(200, &json!([gateway("gateway-1", "office"), gateway("gateway-2", "plant")]))
            }
            ("GET", ["v1", CONNECTIONS]) => Answer::json(200, &json!({"appConnections": self.connections})),
            ("POST", ["v1", CONNECTIONS, app]) => {
                let mut new = json!({"id": format!("id-{}", self.writes), "app": app});
                for name in ["name", "method", "gatewayId", "isPlatformManagedCredentials"] {
                    new[name] = body[name].clone();
                }
                self.write(&mut new, &body["credentials"]);
                let answer = Answer::json(200, &json!({"appConnection": new}));
                if new["isPlatformManagedCredentials"] == true {
                    // The password is changed at once.
                    self.writes += 1;
                    new["credentialsHash"] = json!(format!("hash-{}", self.writes));
                }
                self.connections.push(new);
                answer
            }
            ("PATCH", ["v1", CONNECTIONS, _, id]) => {
                let at = self.connections.iter().position(|c| c["id"] == *id).unwrap();
                let mut connection = self.connections[at].clone();
                for name in ["name", "gatewayId", "isPlatformManagedCredentials"] {
                    if let Some(value) = body.get(name) {
                        connection[name] = value.clone();
                    }
                }
                if let Some(credentials) = body.get("credentials") {
                    if connection["isPlatformManagedCredentials"] == true {
                        let refusal = json!({"statusCode": 400, "error": "BadRequest",
                            "message": "Cannot update credentials managed by the platform"});
                        return Answer::json(400, &refusal);
                    }
                    self.write(&mut connection, credentials);
                }
                self.connections[at] = connection.clone();
                Answer::json(200, &json!({"appConnection": connection}))
            }
            ("DELETE", ["v1", CONNECTIONS, _, id]) => {
                let at = self.connections.iter().position(|c| c["id"] == *id).unwrap();
                Answer::json(200, &json!({"appConnection": self.connections.remove(at)}))
            }
            (method, path) => panic!("{method} {path:?}"),
        }
    }

    fn write(&mut self, connection: &mut Value, credentials: &Value) {
        self.writes += 1;
        connection["credentialsHash"] = json!(format!("hash-{}", self.writes));
        let mut shown = credentials.as_object().unwrap().clone();
        shown.remove("password");
        // As servers do it.
        if let Some(host) = shown["host"].as_str().map(str::to_lowercase) {
            shown["host"] = json!(host);
        }
        connection["credentials"] = shown.into();
    }
}

struct Place {
    world: World,
    remote: Arc<Mutex<Remote>>,
    head: String,
    _front: Arc<Front>,
}

impl Place {
    async fn new() -> Self {
        let remote: Arc<Mutex<Remote>> = Arc::default();
        let fake = remote.clone();
        let front = Front::before(Arc::new(move |call| fake.lock().unwrap().answer(call)), Vec::new()).await;
        let world = World::new("");
        let head = backend_block(&world, &front.url(), "canary-id", "canary-client-secret");
        Self { world, remote, head, _front: front }
    }

    /// A connection to a database whose name is written in capitals.
    fn write(&self, more: &str) {
        let connection = "app_connection \"postgres\" \"db\" {\n  host = \"DB.example\"\n  port = 5432\n  \
                          database = \"app\"\n  username = \"keyform\"\n  password = secret_file(\"a\")\n";
        self.world.write("main.hcl", &format!("{}{connection}{more}\n}}\n", self.head));
    }

    fn first(&self) -> Value {
        self.remote.lock().unwrap().connections[0].clone()
    }
}

#[tokio::test]
async fn a_gateway_is_named_changed_and_taken_away() {
    let place = Place::new().await;
    // What a newer backend has, keyform does not know and leaves alone.
    let newer =
        json!({"id": "new", "name": "db", "app": "brand-new", "method": "telepathy", "credentials": {"a": [1]}});
    place.remote.lock().unwrap().connections.push(newer.clone());
    place.write("gateway = \"office\"");
    place.world.converge().await;
    assert_eq!(place.first(), newer);
    place.remote.lock().unwrap().connections.remove(0);
    assert_eq!(place.first()["gatewayId"], "gateway-1");
    // The server wrote the host in its own way, which is no difference.
    assert_eq!(place.first()["credentials"]["host"], "db.example");

    place.write("gateway = \"gateway-2\"");
    let expected = [("update changed".to_owned(), ["gateway".to_owned()].into())];
    assert_eq!(differing(&place.world).await.into_values().collect::<Vec<_>>(), expected);
    place.world.converge().await;
    assert_eq!(place.first()["gatewayId"], "gateway-2");
    place.remote.lock().unwrap().connections[0]["gatewayId"] = json!("gateway-1");
    assert_eq!(place.world.converge().await, ["update drifted app_connection.db"]);
    assert_eq!(place.first()["gatewayId"], "gateway-2");
    // It is the same one by its name.
    place.write("gateway = \"plant\"");
    assert_eq!(differing(&place.world).await.len(), 0);

    place.write("");
    place.world.converge().await;
    assert_eq!(place.first()["gatewayId"], Value::Null);

    // One that is not there is said in the plan, and nothing is written.
    place.write("gateway = \"ofice\"");
    let notes = place.world.planned().await.notes;
    assert_eq!(notes.iter().map(|note| note.code.id).collect::<Vec<_>>(), ["KF0921"]);
    let (_, report) = place.world.apply(&Scope::default()).await;
    assert_eq!(report.failed.len(), 1);
    assert!(report.failed[0].1.help.as_deref().unwrap().contains("office"), "{report:#?}");
}

#[tokio::test]
async fn credentials_that_the_backend_changes_are_its_own() {
    let place = Place::new().await;
    place.write("platform_managed_credentials = true");
    let planned = place.world.planned().await;
    assert_eq!(planned.notes.iter().map(|note| note.code.id).collect::<Vec<_>>(), ["KF0923"]);
    assert_eq!(rows(&planned.plan), ["create new app_connection.db"]);
    // The password was changed right after; that is nobody's drift.
    place.world.converge().await;

    // The declared password counts no more.
    place.world.write("a", "canary-other");
    assert_eq!(differing(&place.world).await.len(), 0);

    // What else there is of the credentials can't be changed either: another connection takes its place.
    place.write("platform_managed_credentials = true\n  ssl_enabled = false");
    assert_eq!(place.world.plan(&Scope::default()).await, ["replace immutable app_connection.db"]);
    place.write("");
    assert_eq!(place.world.plan(&Scope::default()).await, ["replace immutable app_connection.db"]);
    // Its name is not of them.
    place.write("platform_managed_credentials = true\n  name = \"renamed\"");
    assert_eq!(place.world.converge().await, ["update changed app_connection.db"]);
    assert_eq!(place.first()["name"], "renamed");
}

#[tokio::test]
async fn credentials_are_handed_over_later() {
    let place = Place::new().await;
    place.write("");
    assert!(place.world.planned().await.notes.is_empty());
    place.world.converge().await;
    place.write("platform_managed_credentials = true");
    let planned = place.world.planned().await;
    assert_eq!(planned.notes.iter().map(|note| note.code.id).collect::<Vec<_>>(), ["KF0923"]);
    assert_eq!(place.world.converge().await, ["update changed app_connection.db"]);
    assert_eq!(place.first()["isPlatformManagedCredentials"], true);
}
