//! What is printed for debugging shows no secret, of whatever holds some.

use crate::canary;
use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use keyform::api;
use keyform::engine::Scope;
use keyform::engine::event::Cancel;
use keyform::http::Method;
use keyform::http::Request;
use keyform::http::Response;
use keyform::model::attrs::Value;
use keyform::provider::Op;
use keyform::provider::Seen;
use keyform::provider::Write;
use keyform::secret::FingerprintKey;
use keyform::secret::Secret;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt::Debug;

fn secret() -> Secret {
    Secret::new("canary-debug".to_owned())
}

/// What a type of the wire shows once it is read.
fn wire<T: DeserializeOwned + Debug>(body: &serde_json::Value) -> String {
    let read: T = serde_json::from_value(body.clone()).unwrap_or_else(|e| panic!("{e}: {body}"));
    format!("{read:?} {read:#?}")
}

#[tokio::test]
async fn nothing_that_holds_a_secret_shows_it() {
    let c = "canary-debug";
    let key = FingerprintKey::from_hex(&hex::encode("canary-debug-canary-debug-canary")).unwrap();
    let request = Request::new(Method::Post, "https://api.example.com/?token=canary-debug").unwrap();
    let request = request.header("authorization", secret()).json(c.as_bytes().to_vec().into());
    let headers = vec![("set-cookie".to_owned(), c.to_owned())];
    let response = Response { status: 200, headers, body: c.as_bytes().to_vec().into() };
    let write = Write { key: "K".into(), op: Op::Update(secret()) };
    let seen = Seen { value: Some(secret()), ..Seen::default() };
    let value = Value::list(vec![Value::Secret(secret())]);
    let place = json!({"projectId": "p", "environment": "dev", "secretPath": "/"});
    let with = |more: serde_json::Value| {
        let mut all = place.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let stored = json!({"id": "i", "secretKey": "K", "secretValue": c});
    let connection = json!({"name": "n", "method": "m", "credentials": {"token": c, "deep": {"token": c}}});
    let mut shown = vec![
        format!("{:?}", secret()),
        format!("{key:?}"),
        format!("{request:?}"),
        format!("{response:?}"),
        format!("{write:?}"),
        format!("{seen:?}"),
        format!("{value:?}"),
        wire::<api::secrets::Create>(&with(json!({"secretValue": c}))),
        wire::<api::secrets::Update>(&with(json!({"secretValue": c}))),
        wire::<api::secrets::CreateBatch>(&with(json!({"secrets": [{"secretKey": "K", "secretValue": c}]}))),
        wire::<api::secrets::UpdateBatch>(&with(json!({"secrets": [{"secretKey": "K", "secretValue": c}]}))),
        wire::<api::secrets::StoredSecret>(&stored),
        wire::<api::secrets::ListedSecret>(&stored),
        wire::<api::secrets::Many>(&json!({"secrets": [stored], "imports": []})),
        wire::<api::auth::Token>(
            &json!({"accessToken": c, "expiresIn": 1, "accessTokenMaxTTL": 1, "tokenType": "Bearer"}),
        ),
        wire::<api::connections::Create>(&connection),
        wire::<api::connections::Update>(&connection),
    ];

    // A whole run, with everything that it passes around.
    let world = World::new(&format!("{PROJECT}{SYNC}"));
    let (desired, registry) = world.desired();
    shown.push(format!("{desired:?}"));
    let engine = world.open(&desired, registry).await.unwrap();
    let planned = engine.plan(&desired, &Scope::default()).await.unwrap();
    shown.push(format!("{:?} {:?} {:?}", planned.plan, planned.notes, planned.ledger));
    let report = engine.apply(planned, &Cancel::new(), &mut |event| shown.push(format!("{event:?}"))).await;
    shown.push(format!("{report:?}"));
    let planned = engine.plan(&desired, &Scope::default()).await.unwrap();
    shown.push(format!("{:?} {:?}", planned.plan, planned.ledger));
    engine.close().await;

    let canaries = canary::collect(["canary-debug canary-a canary-b"]);
    for text in shown {
        assert_eq!(canary::found(&canaries, text.as_bytes()), Vec::<&str>::new(), "{text}");
    }
}
