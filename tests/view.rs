//! Plans as text: what people read, drawn from plans made by hand. Sessions show the rest.

use keyform::model::address::Address;
use keyform::plan::Action;
use keyform::plan::Change;
use keyform::plan::Field;
use keyform::plan::Hazard;
use keyform::plan::HazardKind;
use keyform::plan::Plan;
use keyform::plan::Reason;
use keyform::plan::Shown;
use keyform::plan::drift::Acceptance;
use keyform::plan::drift::Cause;
use keyform::plan::drift::Drift;
use keyform::plan::drift::Evidence;
use keyform::plan::drift::Finding;
use keyform::plan::drift::Step;
use keyform::plan::drift::Verdict;
use keyform::plan::saved::Origin;
use keyform::plan::saved::Saved;
use keyform::plan::undo::Outlook;
use keyform::secret::FingerprintKey;
use keyform::view::json;
use keyform::view::paint::Paint;
use keyform::view::text;
use keyform::view::text::Cost;
use keyform::view::text::Style;

fn draw(plan: &Plan, width: usize) -> String {
    text::plan(plan, Style { paint: Paint::PLAIN, width }, Cost::default())
}

fn change(address: Address, action: Action, reason: Reason, fields: Vec<Field>) -> Change {
    Change { address, action, reason, drift: false, fields, needs: Vec::new() }
}

fn secret(n: u8) -> Shown {
    let key = FingerprintKey::from_hex(&"07".repeat(32)).unwrap();
    Shown::Secret(key.fingerprint("test", &[n]))
}

fn value(before: Shown, after: Shown) -> Vec<Field> {
    vec![Field { name: "value".into(), before, after }]
}

fn plain(text: &str) -> Shown {
    Shown::Plain(text.into())
}

#[test]
fn a_plan_reads_resource_by_resource() {
    let project = Address::new("project", "shop");
    let sync = Address::new("secret_sync", "web").instance("prod");
    let field = |name: &str, before, after| Field { name: name.into(), before, after };
    let plan = Plan {
        changes: vec![
            change(
                project.clone(),
                Action::Create,
                Reason::New,
                vec![field("name", Shown::Absent, plain("\"Shop\"")), field("slug", Shown::Absent, plain("\"shop\""))],
            ),
            change(
                project.child("environment", "prod"),
                Action::Update,
                Reason::Drifted,
                vec![field("name", plain("\"Prod\""), plain("\"Production\""))],
            ),
            change(sync.entry("NEW"), Action::Create, Reason::New, value(Shown::Absent, secret(1))),
            change(sync.entry("CHANGED_ONE"), Action::Update, Reason::Changed, value(secret(1), secret(2))),
            change(sync.entry("HIDDEN"), Action::Update, Reason::Unseen, value(Shown::Unknown, secret(3))),
            change(sync.entry("OLD"), Action::Delete, Reason::Removed, value(secret(4), Shown::Absent)),
            change(Address::new("tag", "old"), Action::Forget, Reason::Gone, vec![]),
        ],
        hazards: vec![Hazard {
            kind: HazardKind::Takeover,
            address: sync.clone(),
            count: 1,
            detail: "HIDDEN was written by someone else, and its value can't be read back.".to_owned(),
            allowed: false,
        }],
        foreign: [("keys at secret_sync.web[\"prod\"]".into(), 4)].into(),
        unchanged: 12,
        passing: false,
        ..Plan::default()
    };
    insta::assert_snapshot!(draw(&plan, 80), @r##"
  + create  project.shop
              name = "Shop"
  ~ update  project.shop.environment.prod  changed outside
              name: "Prod" → "Production"
    in      secret_sync.web["prod"]
            + NEW          #82def9d9              new
            ~ CHANGED_ONE  #82def9d9 → #6b5d6020  the source changed
            ~ HIDDEN       ? → #ee5f33e6          there, but unreadable
            - OLD          #0c4bb75e              no longer pushed
  . forget  tag.old  it is already gone

Hazard takeover (1): what keyform did not write would be overwritten
  secret_sync.web["prod"]: HIDDEN was written by someone else, and its value
    can't be read back.
  Copy what is worth keeping into the source first. If it may be lost:
    --allow takeover=1

Left alone: 4 keys at secret_sync.web["prod"].

Plan: 2 to create, 3 to update, 1 to delete, 1 to forget; 12 things are as
  declared. (0 requests, 0 ms)
Checksum: cc417b8d663fb3f350c9e72ba7c183e33095d179b43f0cf9357ad77c6763532c
"##);
}

#[test]
fn long_lists_are_folded_but_not_what_destroys() {
    let sync = Address::new("secret_sync", "web");
    let many = |action, reason, n: usize| -> Vec<Change> {
        (0..n).map(|i| change(sync.entry(&format!("KEY_{i:03}")), action, reason, vec![])).collect()
    };
    let drawn = |changes| draw(&Plan { changes, ..Plan::default() }, 80);
    let lines = |text: &str| text.lines().filter(|line| line.contains("KEY_")).count();
    assert_eq!(lines(&drawn(many(Action::Create, Reason::New, 20))), 20);
    let folded = drawn(many(Action::Create, Reason::New, 57));
    assert_eq!(lines(&folded), 10);
    assert!(folded.contains("… and 47 more to create (new)"), "{folded}");
    assert_eq!(lines(&drawn(many(Action::Delete, Reason::Wipe, 200))), 200);
    assert_eq!(lines(&drawn(many(Action::Update, Reason::Takeover, 150))), 150);
    let folded = drawn(many(Action::Delete, Reason::Removed, 201));
    assert!(folded.contains("… and 191 more to delete"), "{folded}");
    let folders = |n: usize| {
        (0..n).map(|i| change(Address::new("folder", &format!("f{i}")), Action::Create, Reason::New, vec![]))
    };
    let folded = drawn(folders(25).collect());
    assert!(folded.contains("… and 15 more of folder to create (new)") && folded.contains("25 to create"), "{folded}");
    assert_eq!(folded.matches("folder.f").count(), 10);
}

#[test]
fn names_can_not_move_the_cursor() {
    let sync = Address::new("secret_sync", "web");
    let odd = "A\u{1b}[2J\u{202e}B\r\nC\u{200b}";
    let plan = Plan {
        changes: vec![
            change(sync.entry(odd), Action::Create, Reason::New, value(Shown::Absent, secret(1))),
            change(
                Address::new("project", odd),
                Action::Create,
                Reason::New,
                vec![Field { name: "name".into(), before: Shown::Absent, after: plain(odd) }],
            ),
        ],
        foreign: [(odd.into(), 1)].into(),
        ..Plan::default()
    };
    let text = draw(&plan, 80);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(!text.contains(['\u{202e}', '\u{200b}']), "{text:?}");
    assert!(text.contains("\\u{1b}"), "{text}");
}

#[test]
fn nothing_to_do_says_so() {
    assert_eq!(
        draw(&Plan { unchanged: 3, ..Plan::default() }, 80),
        "Nothing to do: 3 things are as declared. (0 requests, 0 ms)\n"
    );
}

#[test]
fn a_plan_says_which_backend_it_is_about_and_whether_apply_refuses_it() {
    let hazard = |kind, allowed| Hazard {
        kind,
        address: Address::new("secret_sync", "web"),
        count: 2,
        detail: String::new(),
        allowed,
    };
    let mut plan = Plan { unchanged: 3, backend: "embedded, in .keyform/server".into(), ..Plan::default() };
    let text = draw(&plan, 80);
    let end = "Nothing to do: 3 things are as declared. (0 requests, 0 ms)\nBackend: embedded, in .keyform/server\n";
    assert_eq!(text, end);
    let refusal = |plan: &Plan| text::refusal(plan, Style { paint: Paint::PLAIN, width: 80 });
    plan.hazards = vec![hazard(HazardKind::Wipe, true)];
    let problem = || keyform::diag::Diagnostic::error(&keyform::diag::codes::SYNTAX, "x");
    plan.blocked = [(Address::new("secret_sync", "web").entry("KEY"), problem())].into();
    assert_eq!(refusal(&plan), "", "the other entries go on");
    plan.hazards.push(hazard(HazardKind::Takeover, false));
    plan.blocked.insert(Address::new("project", "p"), problem());
    let why =
        "Apply refuses this plan as it is: not allowed: takeover (2); 1 resource is\n  blocked, each with an error.\n";
    assert_eq!(refusal(&plan), why);
}

#[test]
fn a_plan_as_json_is_what_its_schema_says() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../schema/plan.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let sync = Address::new("secret_sync", "web");
    let mut sources = keyform::diag::source::Sources::new();
    let source = sources.add("main.hcl", "a = 1\nb = 2\n");
    let span = keyform::diag::source::Span { source, start: 6, end: 11 };
    let problem = keyform::diag::Diagnostic::error(&keyform::diag::codes::SYNTAX, "x").at(span, "here").help("mend it");
    let mut changes: Vec<Change> = Action::ALL
        .into_iter()
        .map(|action| {
            let field = |before, after| Field { name: "f".into(), before, after };
            let fields = vec![field(Shown::Absent, plain("1")), field(Shown::Unknown, secret(1))];
            change(sync.entry("K"), action, Reason::New, fields)
        })
        .collect();
    changes.extend(Reason::ALL.into_iter().map(|reason| change(sync.clone(), Action::Update, reason, vec![])));
    let hazard = |kind| Hazard { kind, address: sync.clone(), count: 1, detail: String::new(), allowed: false };
    let plan = Plan {
        changes,
        hazards: HazardKind::ALL.into_iter().map(hazard).collect(),
        foreign: [("somewhere".into(), 2)].into(),
        blind: [(sync.clone(), "no credentials".into())].into(),
        blocked: [(sync.clone(), problem.clone())].into(),
        incomplete: [(sync.clone(), problem.clone())].into(),
        missing: [(sync.clone(), problem.clone())].into(),
        unchanged: 1,
        passing: false,
        undo: outlook(&sync),
        backend: "https://secrets.example.com".into(),
        accepted: [(sync.entry("K"), "2027-01-31".into())].into(),
    };
    let errors = |document: &serde_json::Value| -> String {
        let errors = validator.iter_errors(document).map(|e| format!("{}: {e}\n", e.instance_path()));
        errors.collect()
    };
    let parse = |document: json::plan::Document| -> serde_json::Value {
        serde_json::from_str(&json::pretty(&document)).unwrap()
    };
    let entries = || json::diagnostic::entries([&problem], &sources);
    let document = parse(json::plan::document(&plan, Cost::default(), entries(), &sources));
    assert_eq!(errors(&document), "");
    assert_eq!(document["diagnostics"][0]["labels"][0]["start"]["line"], 2);
    let saved = parse(json::plan::saved(&saved(plan), Cost::default(), entries(), &sources));
    assert_eq!(errors(&saved), "");
    assert_ne!(saved, document);
}

fn outlook(sync: &Address) -> Outlook {
    let unread = vec![sync.entry("K"), sync.entry("L")];
    Outlook { asked: true, kept: 5, foreign: 2, unread, beyond: vec![sync.clone()] }
}

fn saved(plan: Plan) -> Saved {
    let key = FingerprintKey::from_hex(&"07".repeat(32)).unwrap();
    let origin = Origin {
        keyform: "0.1.0".into(),
        at: "2026-01-01T00:00:00Z".into(),
        snapshot: None,
        ledger: "someone".into(),
        configuration: key.fingerprint("c", b"c"),
        targets: vec![Address::new("folder", "/a b")],
        adopt: true,
        destroy: false,
        shard: keyform::model::shard::Shard::new(2, 8),
    };
    Saved { plan, origin }
}

#[test]
fn a_saved_plan_is_read_as_it_was_written_or_not_at_all() {
    let sync = Address::new("secret_sync", "web").instance("pr\u{1b}od");
    let odd = "a \"quote\" \u{202e} \n ü";
    let hazard = |kind| Hazard { kind, address: sync.clone(), count: 3, detail: odd.to_owned(), allowed: true };
    let mut problem = keyform::diag::Diagnostic::error(&keyform::diag::codes::TYPE, odd);
    problem.help = Some("mend it".to_owned());
    let all = Action::ALL.into_iter().flat_map(|action| Reason::ALL.into_iter().map(move |reason| (action, reason)));
    let plan = Plan {
        changes: all
            .enumerate()
            .map(|(i, (action, reason))| Change {
                drift: i % 2 == 0,
                needs: vec![sync.clone(), sync.entry(odd)],
                ..change(sync.entry(&format!("{odd}{i}")), action, reason, value(plain(odd), secret(1)))
            })
            .collect(),
        hazards: HazardKind::ALL.into_iter().map(hazard).collect(),
        foreign: [(odd.into(), 2)].into(),
        blind: [(sync.clone(), odd.into())].into(),
        blocked: [(sync.clone(), problem.clone())].into(),
        incomplete: [(sync.clone(), problem.clone())].into(),
        missing: [(sync.clone(), problem)].into(),
        unchanged: 7,
        passing: false,
        undo: outlook(&sync),
        backend: odd.into(),
        accepted: [(sync.entry(&format!("{odd}0")), "2027-01-31".into())].into(),
    };
    let saved = saved(plan);
    let sources = keyform::diag::source::Sources::new();
    let text = json::pretty(&json::plan::saved(&saved, Cost::default(), vec![], &sources));
    let read = |text: &str| json::saved::read("x.plan", text.as_bytes());
    assert_eq!(format!("{:?}", read(&text).unwrap()), format!("{saved:?}"));

    // Cut anywhere, edited, or of another kind: never taken, and nothing of it is repeated.
    for end in (0..text.len() - 2).step_by(97).filter(|end| text.is_char_boundary(*end)) {
        assert_eq!(read(&text[..end]).unwrap_err().code.id, "KF0407", "{end}");
    }
    for (old, new) in [
        ("keyform.plan/1", "keyform.plan/2"),
        ("keyform.plan/1", "terraform"),
        ("\"action\": \"delete\"", "\"action\": \"create\""),
        ("\"reason\": \"new\"", "\"reason\": \"canary-x\""),
        ("\"count\": 3", "\"count\": 2"),
        ("\"count\": 3", "\"count\": -3"),
        ("\"targets\"", "\"target\""),
        ("0.1.0\"", "0.1.0\", \"extra\": "),
        ("secret_sync.web", "canary"),
        ("\"unknown\"", "\"canary\""),
        ("\"checksum\": \"", "\"checksum\": \"0"),
    ] {
        let edited = text.replacen(old, new, 1);
        if edited != text {
            let why = read(&edited).unwrap_err();
            // A later version is told from damage.
            let code = if new.ends_with("plan/2") { "KF1280" } else { "KF0407" };
            assert!(why.code.id == code && !why.detail.contains("canary"), "{old} {new}: {}", why.detail);
        }
    }
    let twice = text.replace(&format!("{}0", "ü"), "ü1");
    assert!(twice != text && read(&twice).is_err());
    assert!(read(&"[".repeat(100_000)).is_err());
    assert!(json::saved::read("x.plan", b"\xff\xfe").is_err());
}

#[test]
fn drift_as_json_is_what_its_schema_says() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../schema/drift.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let words = |place: &str| schema.pointer(place).unwrap().clone();
    let verdicts: Vec<&str> = Verdict::ALL.into_iter().map(Verdict::word).collect();
    assert_eq!(words("/$defs/finding/properties/verdict/enum"), serde_json::json!(verdicts));
    let causes: Vec<&str> = Cause::ALL.into_iter().map(Cause::word).collect();
    assert_eq!(words("/$defs/finding/properties/cause/enum"), serde_json::json!(causes));

    let mut sources = keyform::diag::source::Sources::new();
    let source = sources.add("drift.ignore.hcl", "accept \"x\" {}\n");
    let origin = keyform::diag::source::Span { source, start: 0, end: 6 };
    let sync = Address::new("secret_sync", "web");
    let accepted = ["", "payments"].map(|owner| Acceptance {
        address: sync.clone(),
        verdict: Verdict::Extra,
        reason: "known".into(),
        owner: (!owner.is_empty()).then(|| owner.into()),
        expires: "2027-01-31".into(),
        until: 0,
        origin,
    });
    let all = Verdict::ALL.into_iter().flat_map(|verdict| Cause::ALL.map(|cause| (verdict, cause)));
    let findings = all.enumerate().map(|(i, (verdict, cause))| Finding {
        address: if i % 2 == 0 { sync.clone() } else { sync.entry("K") },
        verdict,
        evidence: [Evidence::Proven, Evidence::Strong, Evidence::None][i % 3],
        cause,
        row: (i % 4 == 0).then_some((Action::Update, Reason::Drifted)),
        fields: vec![Field { name: "f".into(), before: secret(1), after: plain("x") }],
        said: "said".into(),
        steps: [Step::Heal, Step::Apply, Step::Declare, Step::Accept, Step::Mend][..i % 6].to_vec(),
        accepted: (i % 5 < 2).then_some(i % 5),
    });
    let drift = Drift { findings: findings.collect(), ..Drift::default() };
    let plan = Plan { foreign: [("somewhere".into(), 2)].into(), unchanged: 1, ..Plan::default() };
    let known = (&keyform::model::desired::Desired::default(), &sources);
    let mut document = json::drift::document(&drift, &accepted, &plan, Cost::default(), known);
    let problem = keyform::diag::Diagnostic::warning(&keyform::diag::codes::EXPIRED, "x").at(origin, "here");
    document.diagnostics = json::diagnostic::entries([&problem], &sources);
    let value: serde_json::Value = serde_json::from_str(&json::pretty(&document)).unwrap();
    assert_eq!(value["findings"].as_array().unwrap().len(), 65);
    let errors: Vec<String> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut other = value;
    other["findings"][0]["value"] = "no such thing".into();
    assert!(!validator.is_valid(&other), "what is not described is not taken");
}
