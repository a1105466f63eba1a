//! How many requests each destination takes: `docs/reference/requests.md` is what was counted here, at the same stands
//! that the laws are tried at. Written anew with `KEYFORM_BLESS=1`.

use crate::laws::REGISTRY;
use crate::laws::canary;
use crate::laws::client;
use crate::laws::create;
use crate::laws::delete;
use crate::laws::done;
use crate::laws::hold;
use crate::laws::key;
use crate::laws::open;
use crate::laws::stand::Stand;
use crate::laws::update;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// How many entries there are when it is read.
const READ: [usize; 4] = [0, 1, 250, 1000];

/// How many keys are created at once, updated at once, and deleted at once.
const WRITTEN: usize = 10;

/// One row of the table.
pub fn row(stand: impl AsyncFn() -> Stand) -> String {
    let row = Mutex::new(String::new());
    let cell = |text: &str| row.lock().unwrap().push_str(&format!(" {text} |"));
    for n in READ {
        hold(&stand, async |stand: &Stand| {
            if n == READ[0] {
                name(stand).iter().for_each(|text| cell(text));
            }
            // OpenBao refuses a body of more than a thousand texts, and one secret holds all keys.
            let is_refused = &*stand.spec.slug == "hashicorp-vault" && n > 250;
            if is_refused || stand.facts.capacity.is_some_and(|most| most < n) {
                return cell("");
            }
            if n > 0 {
                stand.ground.plant(&(0..n).map(|n| (key(n), canary(n))).collect()).await;
            }
            let client = client(stand);
            let seen = open(stand, &client).read().await.unwrap();
            assert_eq!((seen.entries.len(), seen.partial.is_none()), (n, true));
            cell(&client.requests().to_string());
        });
    }
    hold(&stand, async |stand: &Stand| {
        let planted: BTreeMap<_, _> = (0..WRITTEN).map(|n| (key(n), canary(n))).collect();
        stand.ground.plant(&planted).await;
        let client = client(stand);
        let destination = open(stand, &client);
        let new = |n: usize| key(n + WRITTEN);
        let sets = [
            (0..WRITTEN).map(|n| create(&new(n), &canary(n))).collect::<Vec<_>>(),
            (0..WRITTEN).map(|n| update(&new(n), &canary(n + 1))).collect(),
            (0..WRITTEN).map(|n| delete(&new(n))).collect(),
        ];
        for writes in sets {
            let seen = destination.read().await.unwrap();
            let before = client.requests();
            done(destination.write(&seen, &writes).await);
            cell(&(client.requests() - before).to_string());
        }
    });
    row.into_inner().unwrap()
}

/// The destination, and what of it and its connection is chosen.
fn name(stand: &Stand) -> [String; 2] {
    let schema = &REGISTRY.schemas().destinations[&stand.spec.slug];
    let app = REGISTRY.schemas().apps.get(&schema.app);
    let variant = schema.selector.as_ref().and_then(|name| stand.spec.destination.get(name)?.as_str());
    let method = (app.is_some_and(|app| app.methods.len() > 1)).then_some(&*stand.spec.method);
    let chosen: Vec<String> = variant.into_iter().chain(method).map(|word| format!("`{word}`")).collect();
    [format!("`{}`", stand.spec.slug), chosen.join(", ")]
}

/// Holds the page to what was counted.
pub fn page(rows: impl Iterator<Item = String>) {
    let rows: BTreeSet<String> = rows.collect();
    let mut text = format!(
        "# Requests\n\nCounted at the stand-ins and services that every destination is tried against ([matrix.md](matrix.md)), \
         logins included. *Read*: a listing of so many entries with their values, where these come back. *Created*, *updated*, *deleted*: \
         {WRITTEN} keys at once. Nothing where so many entries are not held. Files of this machine take none.\n\n\
         | destination | | read 0 | 1 | 250 | 1,000 | created | updated | deleted |\n|---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let _ = writeln!(text, "|{row}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/requests.md");
    if std::env::var_os("KEYFORM_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(&kept, &text).unified_diff().to_string();
    assert!(
        kept == text,
        "docs/reference/requests.md is not what is counted; if that is right, run with KEYFORM_BLESS=1\n{diff}"
    );
}
