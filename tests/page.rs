//! The pages that `--output html` writes, in a real browser: it opens without a complaint, asks for nothing, names can do
//! nothing in it, the filter filters, keys are enough to use it, boxes do not cover each other, and it prints.
//! Pictures of it are left in `target/tmp/page/`.

use crate::services::browser::Visit;
use crate::services::browser::visit;
use keyform::diag::source::Sources;
use keyform::engine::reach::Copy;
use keyform::engine::reach::Origin;
use keyform::engine::reach::Reach;
use keyform::engine::reach::Written;
use keyform::model::address::Address;
use keyform::plan::Action;
use keyform::plan::Change;
use keyform::plan::Field;
use keyform::plan::Hazard;
use keyform::plan::HazardKind;
use keyform::plan::Plan;
use keyform::plan::Reason;
use keyform::plan::Shown;
use keyform::secret::FingerprintKey;
use keyform::view::html;
use keyform::view::json;
use keyform::view::json::plan::Sync;
use keyform::view::json::run::Run;
use keyform::view::text::Cost;
use serde_json::Value;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// A file of this test's own.
fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

fn evaluate(expression: &str) -> Value {
    json!({ "evaluate": expression })
}

fn key(key: &str) -> Value {
    json!({ "key": key })
}

/// Opens a page, leaves a picture of it, and makes sure that nothing was complained about and nothing asked for.
fn opened(name: &str, text: &str, look: Value, steps: &[Value]) -> Visit {
    let path = file(&format!("{name}.html"));
    fs::write(&path, text).unwrap();
    let picture = file(&format!("{name}.png"));
    let all: Vec<Value> = std::iter::once(json!({ "picture": picture })).chain(steps.to_vec()).collect();
    let mut visit = visit(&path, look, &all);
    visit.results.remove(0);
    assert_eq!(visit.said, Vec::<String>::new(), "{name}");
    assert_eq!(visit.asked, [format!("file://{}", path.display())], "{name}");
    visit
}

fn run(plan: &Plan, syncs: Vec<Sync>) -> Run {
    let mut document = json::plan::document(plan, Cost::default(), Vec::new(), &Sources::new());
    document.syncs = syncs;
    Run { command: "plan".to_owned(), plan: Some(document), at: Some(1_800_000_000), ..Run::default() }
}

/// A plan of a company: 40 projects, 500 syncs, thousands of keys, of which a few things are dangerous.
fn company() -> Run {
    let marks = FingerprintKey::generate();
    let mut plan = Plan { unchanged: 12_345, ..Plan::default() };
    let mut syncs = Vec::new();
    for n in 0..500 {
        let project = Address::new("project", ["payments", "shop", "platform", "data"][n % 4])
            .instance(&format!("team-{}", n % 40));
        let sync =
            Address::new("secret_sync", &format!("service-{n}")).instance(if n % 3 == 0 { "prod" } else { "dev" });
        syncs.push(Sync {
            address: sync.to_string(),
            project: project.to_string(),
            folder: format!("{}/services/service-{n}", if n % 3 == 0 { "prod" } else { "dev" }),
            connection: format!("app_connection.{}", ["github", "vercel", "aws", "gitlab", "vault"][n % 5]),
            destination: format!("github (owner = acme, repository = service-{n}-with-a-rather-long-name-for-a-box)"),
        });
        let rows = if n % 7 == 0 { n % 60 } else { 0 };
        for i in 0..rows {
            let (action, reason, drift) = match i % 9 {
                0 => (Action::Delete, if n % 35 == 0 { Reason::Wipe } else { Reason::Removed }, false),
                1 => (Action::Update, Reason::Drifted, n % 14 == 0),
                2 | 3 => (Action::Update, Reason::Changed, false),
                _ => (Action::Create, Reason::New, false),
            };
            // Most teams lose nothing.
            let (action, reason) =
                if n % 35 == 0 || action == Action::Create { (action, reason) } else { (Action::Update, reason) };
            let reason = if action == Action::Update && reason == Reason::Removed { Reason::Changed } else { reason };
            let mark = |text: &str| Shown::Secret(marks.fingerprint("x", format!("{text}{n}{i}").as_bytes()));
            plan.changes.push(Change {
                address: sync.entry(&format!("SERVICE_{}_TOKEN_{i}", ["STRIPE", "MAIL", "DATABASE"][i % 3])),
                action,
                reason,
                drift,
                fields: vec![Field {
                    name: "value".into(),
                    before: if action == Action::Create { Shown::Absent } else { mark("a") },
                    after: if action == Action::Delete { Shown::Absent } else { mark("b") },
                }],
                needs: Vec::new(),
            });
        }
        if n % 35 == 0 && rows > 0 {
            plan.hazards.push(Hazard {
                kind: HazardKind::Wipe,
                address: sync.clone(),
                count: rows.div_ceil(9),
                detail: "The sync would delete `HAND_MADE` and others, which keyform did not write.".to_owned(),
                allowed: n % 70 == 0,
            });
        }
        if n % 101 == 100 {
            plan.blind.insert(sync, "the credentials of its connection are not at hand".into());
        }
    }
    run(&plan, syncs)
}

/// What a page is made of: how many elements of each kind.
const ELEMENTS: &str = "JSON.stringify(Object.entries([...document.querySelectorAll('*')].reduce((all, one) => \
                        (all[one.tagName] = (all[one.tagName] ?? 0) + 1, all), {})).sort())";
/// How many rows can be seen.
const SEEN: &str = "[...document.querySelectorAll('table.rows tbody:not([hidden]) tr[data-is]')].filter((row) => row.checkVisibility()).length";

#[test]
fn a_page_says_that_there_is_nothing_to_do() {
    let plan = Plan { unchanged: 7, ..Plan::default() };
    let visit = opened(
        "empty",
        &html::html(&run(&plan, Vec::new()), None),
        json!({}),
        &[evaluate("document.querySelector('h1').innerText"), evaluate("document.querySelectorAll('section').length")],
    );
    assert_eq!(
        visit.results[0].as_str().unwrap().trim_start_matches(['✓', ' ']),
        "Nothing to do: 7 things are as declared."
    );
    assert_eq!(visit.results[1], 0);
}

#[test]
fn the_filter_leaves_the_rows_that_were_asked_for() {
    let run = company();
    let rows = &run.plan.as_ref().unwrap().changes;
    let count = |is: &dyn Fn(&json::plan::Row) -> bool| rows.iter().filter(|row| is(row)).count();
    // The page filters in the next frame, however busy the machine is.
    let frame = || {
        let frames = "requestAnimationFrame(() => requestAnimationFrame(done))";
        evaluate(&format!("new Promise((done) => setTimeout(() => {frames}))"))
    };
    let pick = |name: &str| evaluate(&format!("document.querySelector('input[name={name}]').click()"));
    let steps = [
        evaluate(SEEN),
        // From anywhere on the page to the filter, and words in it.
        key("/"),
        evaluate("document.activeElement.id"),
        json!({ "type": "service-7[ stripe" }),
        frame(),
        evaluate(SEEN),
        evaluate("document.getElementById('shown').innerText"),
        key("Escape"),
        frame(),
        evaluate(SEEN),
        pick("delete"),
        frame(),
        evaluate(SEEN),
        // Of two actions either will do.
        pick("create"),
        frame(),
        evaluate(SEEN),
        evaluate("document.querySelector('form.filter').reset()"),
        frame(),
        pick("drift"),
        frame(),
        evaluate(SEEN),
        evaluate("document.querySelector('form.filter').reset()"),
        evaluate("document.getElementById('find').focus()"),
        json!({ "type": "there is no such row" }),
        frame(),
        evaluate("document.querySelector('.nothing').checkVisibility()"),
        json!({ "picture": file("nothing.png") }),
    ];
    let seen = opened("company", &html::html(&run, None), json!({}), &steps).results;
    assert_eq!(seen[0], rows.len());
    assert_eq!(seen[2], "find");
    let typed = count(&|row| row.resource.contains("service-7[") && row.address.contains("STRIPE"));
    assert!(typed > 0);
    assert_eq!(seen[5], typed);
    let total = rows.len().to_string();
    let digits: String = seen[6].as_str().unwrap().chars().filter(|c| *c != '\u{202f}').collect();
    assert_eq!(digits, format!("{typed} of {total} rows"));
    assert_eq!(seen[9], rows.len());
    let deleted = count(&|row| row.action == Action::Delete);
    assert!(deleted > 0);
    assert_eq!(seen[12], deleted);
    assert_eq!(seen[15], deleted + count(&|row| row.action == Action::Create));
    let drifted = count(&|row| row.drift);
    assert!(drifted > 0);
    assert_eq!(seen[20], drifted);
    assert_eq!(seen[25], true);
}

/// Also of a picture of hundreds: no box covers another, no text leaves its box, and all of it is as wide as the page.
#[test]
fn the_picture_can_be_read() {
    let covers = "[...document.querySelectorAll('svg')].flatMap((svg) => {
        const boxes = [...svg.querySelectorAll('.node')].map((node) => node.querySelector('rect').getBBox());
        return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) =>
            a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height));
    }).length";
    let leaves = "[...document.querySelectorAll('.node')].flatMap((node) => {
        const box = node.querySelector('rect').getBBox();
        return [...node.querySelectorAll('text')].filter((text) => {
            const own = text.getBBox();
            return own.x + own.width > box.x + box.width - 4 || own.y < box.y || own.y + own.height > box.y + box.height;
        }).map((text) => text.textContent);
    })";
    let steps = [
        evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })"),
        evaluate("document.querySelectorAll('.node').length"),
        evaluate(covers),
        evaluate(leaves),
        evaluate("document.querySelectorAll('details').length"),
        evaluate(
            "document.documentElement.scrollWidth <= innerWidth && \
                  [...document.querySelectorAll('.wide')].filter((one) => one.scrollWidth > one.clientWidth).length === 0",
        ),
        // Every colour is said in words as well.
        evaluate(
            "[...document.querySelectorAll('.node:not(.same)')].filter((node) => !node.querySelector('.words')).length",
        ),
        // Who follows a box comes to its rows.
        evaluate(
            "(() => { const a = document.querySelector('a.node'); a.focus(); return a.getAttribute('href').baseVal ?? a.getAttribute('href'); })()",
        ),
        key("Enter"),
        evaluate("location.hash"),
    ];
    let seen = opened("picture", &html::html(&company(), None), json!({ "dark": true }), &steps).results;
    let nodes = seen[1].as_u64().unwrap();
    assert!(nodes > 300, "{nodes}");
    assert_eq!(seen[2], 0);
    assert_eq!(seen[3], json!([]));
    assert_eq!(seen[4], 40);
    assert_eq!(seen[5], true);
    assert_eq!(seen[6], 0);
    assert!(seen[7].as_str().unwrap().starts_with("#g"));
    assert_eq!(seen[7], seen[9]);
}

/// A secret of that name in two folders, one that refers to both, and what syncs write of them: at so many destinations each.
fn path(name: &str, syncs: usize) -> Run {
    let place = |folder: &str| format!("bakery/prod{folder}/{name}");
    let origin = |place: String, refers, to| Origin { place, declared: None, refers, to };
    let hook = format!("bakery/prod/hooks/{name}_URL");
    let secrets = vec![
        origin(place("/api"), false, Vec::new()),
        origin(place("/web"), false, Vec::new()),
        origin(hook.clone(), true, vec![place("/api"), place("/web")]),
    ];
    let written = |n: usize| Written {
        sync: Address::new("secret_sync", name).instance(&n.to_string()),
        destination: format!("github (owner = acme, repository = {name}-{n})").into(),
        environment: "prod".to_owned(),
        folder: ["bakery/prod/api", "bakery/prod/shop"][n % 2].to_owned(),
        key: format!("APP_{name}").into(),
        secret: [place("/api"), hook.clone()][n / 2 % 2].clone(),
        at: (!n.is_multiple_of(3)).then(|| "2026-11-21T08:15:00Z".into()),
        pending: n.is_multiple_of(5).then_some(Action::Create),
        at_once: n.is_multiple_of(4),
    };
    let sync = Address::new("secret_sync", name);
    let copy = Copy { sync: sync.clone(), destination: name.into(), key: name.into(), at: None };
    let reach = Reach {
        secrets,
        written: (0..syncs).map(written).collect(),
        copies: vec![copy],
        integrations: vec![Address::new("native_integration", name)],
        unseen: [(sync, name.into())].into(),
        ..Reach::default()
    };
    let steps = vec![format!("Give `{name}` a new value."), "Only then have the old value revoked.".to_owned()];
    let found = json::reach::document(&reach, |_| Some(format!("secret_env(\"{name}\")")), steps, Vec::new());
    Run { command: "where".to_owned(), reach: Some(found), at: Some(1_800_000_000), ..Run::default() }
}

#[test]
fn the_path_of_a_secret_can_be_read() {
    let edges = "[...document.querySelectorAll('path.edge')].length";
    let apart = "[...document.querySelectorAll('.node')].map((node) => node.querySelector('rect').getBBox()).every((a, i, all) => \
                 all.slice(i + 1).every((b) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y))";
    let steps = [
        evaluate("document.querySelectorAll('.node').length"),
        evaluate(apart),
        evaluate(edges),
        evaluate("document.querySelector('h1').innerText"),
        evaluate("document.querySelectorAll('tbody tr').length"),
        evaluate("[...document.querySelectorAll('ol li')].map((step) => step.innerText)"),
        evaluate("document.querySelector('a.node').focus()"),
        key("Enter"),
        evaluate("location.hash"),
        evaluate("document.querySelector(location.hash).innerText.includes('APP_STRIPE')"),
    ];
    let seen = opened("path", &html::html(&path("STRIPE", 8), None), json!({ "dark": true }), &steps).results;
    // Two secrets; two folders and, into each of two, the one that refers; eight syncs and an integration; eight keys and a copy.
    assert_eq!(seen[0], 2 + 4 + 9 + 9);
    assert_eq!(seen[1], true);
    // To its folder or where it is imported, both to what refers, from each way to its syncs, from each sync to its key.
    assert_eq!(seen[2], (2 + 2 * 2) + 8 + 8);
    let said = seen[3].as_str().unwrap();
    assert!(said.contains("3 secrets in 8 keys at 8 destinations. 1 copy that nothing here writes."), "{said}");
    assert_eq!(seen[4], 9);
    assert_eq!(seen[5], json!(["Give STRIPE a new value.", "Only then have the old value revoked."]));
    assert_eq!((&seen[8], &seen[9]), (&json!("#g0"), &json!(true)));
    // Of very many keys, the table has all.
    let many = html::html(&path("STRIPE", 500), None);
    assert!(many.contains("380 more keys") && many.matches("<tr id=").count() == 501);
}

#[test]
fn it_follows_the_system_and_prints() {
    let ground = || evaluate("getComputedStyle(document.body).backgroundColor");
    let shown = |what: &str| evaluate(&format!("document.querySelector('{what}').checkVisibility()"));
    let steps = [
        ground(),
        json!({ "look": { "dark": true } }),
        ground(),
        shown("form.filter"),
        json!({ "look": { "dark": true, "print": true, "width": 800 } }),
        evaluate("dispatchEvent(new Event('beforeprint'))"),
        ground(),
        shown("form.filter"),
        evaluate("document.querySelectorAll('details:not([open])').length"),
        evaluate("dispatchEvent(new Event('afterprint'))"),
        evaluate("document.querySelectorAll('details:not([open])').length > 0"),
    ];
    let seen = opened("print", &html::html(&company(), None), json!({}), &steps).results;
    assert_eq!((&seen[0], &seen[2], &seen[6]), (&json!("rgb(255, 255, 255)"), &json!("rgb(20, 23, 28)"), &seen[0]));
    assert_eq!((&seen[3], &seen[7]), (&json!(true), &json!(false)));
    assert_eq!((&seen[8], &seen[10]), (&json!(0), &json!(true)));
}

#[test]
fn names_can_do_nothing_in_a_page() {
    let hostile = [
        "</script><script>window.hacked=1</script>",
        "<img src=x onerror=window.hacked=1>",
        "\"><svg onload=window.hacked=1>",
        "' onmouseover='window.hacked=1",
        "</style><b>",
        "</svg><foreignObject>",
        "<!--",
        "]]>",
        "&lt;script&gt;",
        "javascript:window.hacked=1",
        "`</code><b>`",
        "\u{202e}\u{200b}\u{0}",
    ];
    let look = "JSON.stringify([window.hacked ?? null, document.querySelectorAll('[onerror],[onload],[onmouseover]').length, \
                [...document.querySelectorAll('a')].every((a) => a.getAttribute('href').startsWith('#g'))])";
    let tame = opened("tame", &html::html(&crate::report::run("xyz"), Some("xyz")), json!({}), &[evaluate(ELEMENTS)]);
    for (i, name) in hostile.iter().enumerate() {
        let text = html::html(&crate::report::run(&format!("x{name}")), Some(name));
        let seen = opened(&format!("hostile-{i}"), &text, json!({}), &[evaluate(ELEMENTS), evaluate(look)]).results;
        // What stands between backticks is code, wherever it came from: nothing else may differ.
        let without_code = |value: &Value| {
            let all: Vec<(String, u64)> = serde_json::from_str(value.as_str().unwrap()).unwrap();
            all.into_iter().filter(|(tag, _)| tag != "CODE").collect::<Vec<_>>()
        };
        assert_eq!(without_code(&seen[0]), without_code(&tame.results[0]), "{name}");
        assert_eq!(seen[1], "[null,0,true]", "{name}");
    }
    let tame = opened("tame-path", &html::html(&path("xyz", 8), None), json!({}), &[evaluate(ELEMENTS)]).results;
    let all = path(&hostile.concat(), 8);
    let seen =
        opened("hostile-path", &html::html(&all, None), json!({}), &[evaluate(ELEMENTS), evaluate(look)]).results;
    let count = |value: &Value| -> Vec<(String, u64)> { serde_json::from_str(value.as_str().unwrap()).unwrap() };
    // A line break and what is between backticks are all that a name can make.
    let aside = |(tag, _): &(String, u64)| !["CODE", "BR"].contains(&tag.as_str());
    let kept = |value: &Value| count(value).into_iter().filter(aside).collect::<Vec<_>>();
    assert_eq!(kept(&seen[0]), kept(&tame[0]));
    assert_eq!(seen[1], "[null,0,true]");
}

/// Its own policy stops what should not be there at all.
#[test]
fn the_page_may_ask_for_nothing() {
    let text = html::html(&company(), None);
    let evil = "<img src=\"https://evil.example/a.png\"><script>window.hacked=1</script><link rel=stylesheet href=\"https://evil.example/a.css\">";
    let path = file("evil.html");
    fs::write(&path, text.replace("<main>", &format!("<main>{evil}"))).unwrap();
    let seen = visit(
        &path,
        json!({}),
        &[
            evaluate("window.hacked ?? null"),
            evaluate("fetch('https://evil.example/').then(() => 'sent', () => 'refused')"),
        ],
    );
    assert_eq!(seen.results, [Value::Null, json!("refused")]);
    let complaints = seen.said.iter().filter(|said| said.contains("Content Security Policy")).count();
    assert!(complaints >= 3, "{:?}", seen.said);
}

/// Without scripts there is everything but the filter.
#[test]
fn everything_is_there_without_scripts() {
    let text = html::html(&company(), None);
    let start = text.find("<script>").unwrap();
    let end = text.find("</script>").unwrap();
    let text = format!("{}{}", &text[..start], &text[end + "</script>".len()..]);
    let seen = opened(
        "plain",
        &text,
        json!({}),
        &[evaluate(SEEN), evaluate("document.querySelector('form.filter').checkVisibility()")],
    );
    assert_eq!(seen.results, [json!(company().plan.unwrap().changes.len()), json!(false)]);
}
