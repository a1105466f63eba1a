//! Outputs for other people and programs: what they say of every kind of plan, that names can do nothing in them, that they
//! fit, and that they are what they say they are. Sessions (`scenarios/reports`) show them whole.

use crate::services;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::diag::source::Sources;
use keyform::model::address::Address;
use keyform::plan::Action;
use keyform::plan::Change;
use keyform::plan::Field;
use keyform::plan::Hazard;
use keyform::plan::HazardKind;
use keyform::plan::Plan;
use keyform::plan::Reason;
use keyform::plan::Shown;
use keyform::view::json;
use keyform::view::json::plan::Sync;
use keyform::view::json::run::Run;
use keyform::view::json::sarif;
use keyform::view::junit;
use keyform::view::markdown;
use keyform::view::markdown::Frame;
use keyform::view::paint::Paint;
use keyform::view::prometheus;
use keyform::view::text;
use keyform::view::text::Cost;
use keyform::view::text::Style;
use proptest::prelude::any;
use proptest::prelude::proptest;
use proptest::strategy::Strategy;
use pulldown_cmark::Event;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use std::fs;

/// A plan with every kind of row, hazard and problem, in which everything that has a name is called `name`.
fn plan(name: &str) -> Plan {
    let sync = Address::new("secret_sync", name).instance(name);
    let plain = |text: &str| Shown::Plain(text.into());
    let field = || vec![Field { name: name.into(), before: plain(name), after: plain(name) }];
    let all = Action::ALL.into_iter().flat_map(|action| Reason::ALL.into_iter().map(move |reason| (action, reason)));
    let entries = all.clone().enumerate().map(|(i, (action, reason))| Change {
        address: sync.entry(&format!("{name}{i}")),
        action,
        reason,
        drift: i % 3 == 0,
        fields: field(),
        needs: Vec::new(),
    });
    let resources = all.enumerate().map(|(i, (action, reason))| Change {
        address: Address::new("project", name).child("folder", &format!("{name}{i}")),
        action,
        reason,
        drift: i % 3 == 0,
        fields: field(),
        needs: Vec::new(),
    });
    let problem =
        || Diagnostic::error(&codes::SYNTAX, format!("`{name}` and {name} are wrong.")).help(format!("mend {name}"));
    let hazard = |kind| Hazard {
        kind,
        address: sync.clone(),
        count: 2,
        detail: format!("The sync would delete `{name}`, and {name}."),
        allowed: kind == HazardKind::Wipe,
    };
    Plan {
        changes: entries.chain(resources).collect(),
        hazards: HazardKind::ALL.into_iter().map(hazard).collect(),
        foreign: [(format!("keys at the destination of {sync}").into(), 3), (format!("tags in {name}").into(), 1)]
            .into(),
        blind: [(sync.clone(), format!("no credentials for {name}").into())].into(),
        blocked: [(Address::new("project", name), problem())].into(),
        incomplete: [(sync, problem())].into(),
        missing: [(Address::new("secret", name), problem())].into(),
        unchanged: 4,
        ..Plan::default()
    }
}

/// What a run comes to in which everything has that name.
pub fn run(name: &str) -> Run {
    let mut sources = Sources::new();
    let source = sources.add(name, "a = 1\nb = 2\n");
    let span = keyform::diag::source::Span { source, start: 6, end: 7 };
    let found = Diagnostic::warning(&codes::UNCLOSED, format!("{name} is `{name}`.")).at(span, name).help(name);
    let diagnostics = json::diagnostic::entries([&found], &sources);
    let mut document = json::plan::document(&plan(name), Cost::default(), diagnostics.clone(), &sources);
    let text = || name.to_owned();
    let sync = Sync { address: text(), project: text(), folder: text(), connection: text(), destination: text() };
    document.syncs = vec![sync.clone(), Sync { project: format!("{name}2"), ..sync }];
    Run { command: "plan".to_owned(), plan: Some(document), diagnostics, at: Some(7), ..Run::default() }
}

fn frame(name: &str, is_plain: bool) -> Frame {
    Frame {
        name: Some(name.to_owned()),
        environment: Some(name.to_owned()),
        commit: Some(name.to_owned()),
        link: Some("https://ci.example.com/1".to_owned()),
        source: Some("https://git.example.com/{path}#L{line}".to_owned()),
        file: Some(name.to_owned()),
        is_plain,
        most: None,
    }
}

/// The first line of a comment on a plan.
fn headline(plan: &Plan) -> String {
    let document = json::plan::document(plan, Cost::default(), Vec::new(), &Sources::new());
    let run = Run { command: "plan".to_owned(), plan: Some(document), ..Run::default() };
    let text = markdown::body(&run, &Frame::default()).text;
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn nothing_is_lost_only_where_that_is_known() {
    let sync = Address::new("secret_sync", "web");
    let value = |before| vec![Field { name: "value".into(), before, after: Shown::Unknown }];
    let row = |reason, drift, before| Change {
        address: sync.entry("KEY"),
        action: Action::Update,
        reason,
        drift,
        fields: value(before),
        needs: Vec::new(),
    };
    let mut plan = Plan { changes: vec![row(Reason::Changed, false, Shown::Unknown)], ..Plan::default() };
    assert_eq!(headline(&plan), "### 🔷 Nothing is lost: 1 to update.");
    plan.blind = [(Address::new("secret_sync", "other"), "no credentials".into())].into();
    let seen = "### 🔷 Nothing is lost where it could be seen: 1 to update. 1 destination was not inspected.";
    assert_eq!(headline(&plan), seen);
    plan.changes.push(row(Reason::Drifted, true, Shown::Unknown));
    let lost = "### ⚠️ 1 value that was changed outside is overwritten. 2 to update. 1 destination was not inspected.";
    assert_eq!(headline(&plan), lost);
    // What is not a value has nothing in it that would be nowhere else.
    let changes = vec![Change { address: Address::new("project", "p"), ..row(Reason::Drifted, true, Shown::Absent) }];
    assert_eq!(headline(&Plan { changes, ..Plan::default() }), "### 🔷 Nothing is lost: 1 to update.");
}

#[test]
fn what_is_blocked_is_said_first() {
    let sync = Address::new("secret_sync", "web");
    let why = || Diagnostic::error(&codes::BAD_KEY, "`X.Y` is refused.");
    let blocked = [(sync.entry("X.Y"), why())].into();
    let row = Change {
        address: sync.entry("KEY"),
        action: Action::Create,
        reason: Reason::New,
        drift: false,
        fields: Vec::new(),
        needs: Vec::new(),
    };
    let mut plan = Plan { changes: vec![row], blocked, ..Plan::default() };
    let partial = "### ⛔ Apply leaves out 1 key that is blocked. Of the rest nothing is lost: 1 to create.";
    assert_eq!(headline(&plan), partial);
    let style = Style { paint: Paint { color: false }, width: 80 };
    let left = "Apply leaves out 1 row that is blocked, does the rest, and ends with 7.\n";
    assert_eq!(text::refusal(&plan, style), left);
    // With nothing else to do, and with a resource that is blocked, all of it is refused.
    let none = Plan { changes: Vec::new(), ..plan.clone() };
    assert_eq!(headline(&none), "### ⛔ Apply refuses this as it is: 1 key is blocked.");
    plan.blocked.insert(sync, why());
    let refused = "### ⛔ Apply refuses this as it is: 1 resource is blocked, 1 key is blocked.";
    assert_eq!(headline(&plan), refused);
    assert!(text::refusal(&plan, style).starts_with("Apply refuses this plan as it is: 1 resource is blocked"));
}

/// What a reader of Markdown makes of a text: its structure, without what is said in it. Also the text that is not code.
fn read(text: &str) -> (Vec<String>, String) {
    let mut structure = Vec::new();
    let mut said = String::new();
    let mut in_code = false;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) if !in_code => said.extend([&*text, " "]),
            Event::Text(_) => {}
            Event::Code(_) => structure.push("code".to_owned()),
            // The head of what is folded holds names; what is between the tags may be anything but a tag.
            Event::Html(html) | Event::InlineHtml(html) => {
                let tags: Vec<&str> =
                    html.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap()).collect();
                structure.push(format!("html {tags:?}"));
                if !html.starts_with("<!--") {
                    assert!(!html.contains('@'), "{html}");
                }
            }
            Event::Start(Tag::CodeBlock(_)) => {
                in_code = true;
                structure.push("block".to_owned());
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::Link { dest_url, .. }) => {
                structure.push(format!("link to {}", dest_url.split('/').nth(2).unwrap_or_default()));
            }
            other => structure.push(format!("{other:?}")),
        }
    }
    (structure, said)
}

/// What markup is made of, in pieces that mean something on one platform or another.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "@everyone",
        "#123",
        "!45",
        "```",
        "`",
        "``",
        "~~~",
        "</details>",
        "<img src=x onerror=y>",
        "<!--",
        "-->",
        "|",
        "\n",
        "\r\n",
        "\n\n# ",
        "[x](https://evil.example)",
        "![x](y)",
        "https://evil.example",
        "www.evil.example",
        "a@b.example",
        "**",
        "__",
        "\u{202e}",
        "\u{200b}",
        "\\",
        "&#64;",
        "&lt;",
        "/close",
        "\n/merge",
        "GH-1",
        "acme/shop#1",
        ":tada:",
        "[ ]",
        "- ",
        "    ",
        "\t",
        "$1",
        "%2",
        "~label",
        "deadbeefcafe",
        "é",
        "a",
        "Z9",
        " ",
        "(",
        ")",
        "](",
        "<https://evil.example>",
        "[//]: # (x)",
        "]]>",
        "\"",
        "'",
    ];
    proptest::collection::vec((proptest::sample::select(pieces.to_vec()), any::<bool>()), 0..6).prop_map(|parts| {
        parts.into_iter().map(|(piece, twice)| if twice { piece.repeat(2) } else { piece.to_owned() }).collect()
    })
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(96))]

    /// Whatever things are called, the comment is built as it is built for harmless names, and nothing that is no code
    /// could call somebody, refer to something, or be an address.
    #[test]
    fn names_can_do_nothing_in_a_comment(name in hostile()) {
        for is_plain in [false, true] {
            let body = markdown::body(&run(&format!("x{name}")), &frame(&name, is_plain)).text;
            let tame = markdown::body(&run("xyz"), &frame("xyz", is_plain)).text;
            let ((structure, said), (wanted, _)) = (read(&body), read(&tame));
            assert_eq!(shape(&structure), shape(&wanted), "{name:?}\n{body}");
            for odd in ["@", "evil", "#1", "GH-", "!4", "$1", "%2", "~l", "onerror", "/close", "/merge", ":tada"] {
                assert!(!said.contains(odd), "{name:?}: {odd}\n{body}");
            }
            let is_commit = |word: &str| word.len() >= 7 && word.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(!said.split(|c: char| !c.is_alphanumeric()).any(is_commit), "{said}");
            assert!(body.lines().all(|line| !line.starts_with('/')), "{body}");
            assert!(body.chars().all(|c| c == '\n' || !c.is_control()), "{body:?}");
        }
    }

    /// XML stays XML, a line of a metric stays a line, and what is read again is what was written.
    #[test]
    fn names_can_do_nothing_elsewhere(name in hostile()) {
        let run = run(&format!("x{name}"));
        let xml = junit::junit(&run);
        let tame = junit::junit(&self::run("x"));
        let count = |text: &str, what: &str| text.matches(what).count();
        for tag in ["<testsuite ", "<testcase ", "<failure ", "<skipped ", "</", "<!", "]]>"] {
            assert_eq!(count(&xml, tag), count(&tame, tag), "{tag}\n{xml}");
        }
        assert_eq!(prometheus::prometheus(&run), prometheus::prometheus(&self::run("x")));
        let again = json::run::read("x", run.documents().as_bytes()).unwrap();
        assert_eq!(again.documents(), run.documents());
    }

    /// However little fits, the body fits, unless not even the counts would.
    #[test]
    fn a_body_fits(name in hostile(), most in 8_000_usize..40_000) {
        let body = markdown::body(&run(&name), &Frame { most: Some(most), name: None, file: None, ..frame("x", false) });
        assert!(body.text.chars().count() <= most, "{most}\n{}", body.text);
    }
}

/// What there is besides code: of a sentence, more or fewer words may be code.
fn shape(structure: &[String]) -> Vec<&String> {
    structure.iter().filter(|part| *part != "code").collect()
}

#[test]
fn a_body_that_is_the_same_but_for_what_it_took_is_the_same() {
    let body = |took, link: &str| {
        let document =
            json::plan::document(&plan("a"), Cost { requests: took, ..Cost::default() }, Vec::new(), &Sources::new());
        let run = Run { command: "plan".to_owned(), plan: Some(document), at: Some(7), ..Run::default() };
        markdown::body(&run, &Frame { link: Some(link.to_owned()), ..Frame::default() })
    };
    let (a, b) = (body(1, "https://ci.example.com/1"), body(2, "https://ci.example.com/2"));
    assert_eq!(a.stable, b.stable);
    assert_ne!(a.text, b.text);
}

#[test]
fn more_than_two_hundred_names_are_grouped_with_exact_counts() {
    let lost = |n: usize| {
        let sync = Address::new("secret_sync", "web");
        let change = |i: usize| Change {
            address: sync.entry(&format!("{}_{i}", if i.is_multiple_of(3) { "STRIPE" } else { "MAIL" })),
            action: Action::Delete,
            reason: Reason::Removed,
            drift: false,
            fields: Vec::new(),
            needs: Vec::new(),
        };
        let plan = Plan { changes: (0..n).map(change).collect(), ..Plan::default() };
        let document = json::plan::document(&plan, Cost::default(), Vec::new(), &Sources::new());
        let run = Run { command: "plan".to_owned(), plan: Some(document), ..Run::default() };
        markdown::body(&run, &Frame::default()).text
    };
    let named = lost(200);
    assert!((0..200).all(|i| named.contains(&format!("_{i}`"))), "{named}");
    let grouped = lost(201);
    assert!(grouped.contains("134 × `MAIL_…`, 67 × `STRIPE_…`"), "{grouped}");
}

#[test]
fn sarif_is_what_its_schema_says() {
    // Two of the schema's own patterns are no regular expressions.
    let mut schema = services::description("sarif.json");
    for part in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language")).unwrap();
        language.as_object_mut().unwrap().remove("pattern").unwrap();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["a", "a b/ü#?%\u{1b}.hcl"] {
        let log: serde_json::Value = serde_json::from_str(&sarif::sarif(&run(name))).unwrap();
        let errors: Vec<String> = validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
        let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        let kinds = HazardKind::ALL.iter().filter(|kind| ids.contains(&&*format!("hazard/{}", kind.word()))).count();
        assert_eq!(kinds, HazardKind::ALL.len());
        for id in ["KF0101", "KF0102", "drift/changed"] {
            assert!(ids.contains(&id), "{ids:?}");
        }
        let found = run["results"].as_array().unwrap().iter().find(|result| result["ruleId"] == "KF0102").unwrap();
        let place = &found["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], 2);
        assert!(!place["artifactLocation"]["uri"].as_str().unwrap().contains([' ', '#', '?', '\u{1b}']));
    }
    let empty = Run { command: "plan".to_owned(), ..Run::default() };
    let log = serde_json::from_str(&sarif::sarif(&empty)).unwrap();
    assert!(validator.is_valid(&log));
}

#[test]
fn metrics_are_in_the_format_of_prometheus() {
    let metric =
        regex::Regex::new(r#"^keyform_[a-z_]+(\{[a-z]+="[a-z-]+"(,[a-z]+="[a-z-]+")*\})? \d+(\.\d+)?$"#).unwrap();
    let text = prometheus::prometheus(&run("a"));
    let mut series = std::collections::BTreeSet::new();
    for line in text.lines() {
        let is_comment =
            line.starts_with("# HELP keyform_") || (line.starts_with("# TYPE keyform_") && line.ends_with(" gauge"));
        assert!(is_comment || metric.is_match(line), "{line}");
        assert!(is_comment || series.insert(line.split(' ').next().unwrap()), "twice: {line}");
    }
    assert!(text.contains("keyform_plan_hazards{kind=\"wipe\",allowed=\"true\"} 2\n"), "{text}");
    assert!(text.contains("keyform_plan_foreign 4\n") && text.contains("keyform_run_timestamp_seconds 7\n"), "{text}");
    // The same series whatever happens.
    let clean = Run {
        plan: Some(json::plan::document(&Plan::default(), Cost::default(), vec![], &Sources::new())),
        at: Some(1),
        ..Run::default()
    };
    let names = |text: &str| text.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&prometheus::prometheus(&clean)), names(&text));
}

#[test]
fn text_fits_eighty_columns_without_colour() {
    // Names of everyday lengths; one that is longer than a line can't be broken.
    for name in ["web", "PAYMENTS_PROVIDER_WEBHOOK_SIGNING_SECRET"] {
        let drawn = text::plan(&plan(name), Style { paint: Paint::PLAIN, width: 80 }, Cost::default());
        assert!(!drawn.contains('\u{1b}'));
        let longest = name.len() * 2 + "    in      secret_sync.[\"\"].entry.".len() + 20;
        for line in drawn.lines() {
            assert!(line.chars().count() <= longest.max(80), "{} columns: {line}", line.chars().count());
        }
    }
}

#[test]
fn examples_for_ci_are_what_their_platforms_take() {
    for (file, schema) in [
        ("examples/ci/.github/workflows/secrets.yml", "github-workflows.json"),
        ("examples/ci/.github/workflows/drift.yml", "github-workflows.json"),
        ("examples/ci/.github/workflows/forks.yml", "github-workflows.json"),
        ("examples/ci/.github/workflows/shards.yml", "github-workflows.json"),
        ("action.yml", "github-actions.json"),
        ("examples/ci/.gitlab-ci.yml", "gitlab-ci.json"),
        ("examples/ci/shards.gitlab-ci.yml", "gitlab-ci.json"),
        ("examples/ci/bitbucket-pipelines.yml", "bitbucket-pipelines.json"),
        ("examples/ci/azure-pipelines.yml", "azure-pipelines.json"),
    ] {
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(&path).unwrap();
        let document: serde_json::Value = serde_yaml_ng::from_str(&text).unwrap();
        let schema = services::description(schema);
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{file}: {}", errors.join("\n"));
    }
}

/// What the examples for systemd and Kubernetes start.
fn on_machines(read: &dyn Fn(&str) -> String) -> Vec<String> {
    let of_unit = |name: &str| {
        let text = read(&format!("examples/ci/systemd/{name}"));
        let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")).unwrap();
        line.to_owned()
    };
    let of_container = |name: &str, place: &str| {
        let manifest: serde_json::Value =
            serde_yaml_ng::from_str(&read(&format!("examples/ci/kubernetes/{name}"))).unwrap();
        let args = manifest.pointer(&format!("{place}/spec/containers/0/args")).unwrap().as_array().unwrap();
        let quoted = args.iter().map(|arg| format!(" \"{}\"", arg.as_str().unwrap()));
        format!("keyform{}", quoted.collect::<String>())
    };
    vec![
        of_unit("keyform-watch.service"),
        of_unit("keyform-drift.service"),
        of_container("drift.yml", "/spec/jobTemplate/spec/template"),
        of_container("watch.yml", "/spec/template"),
        of_container("shards.yml", "/spec/template"),
    ]
}

/// Every command in the documentation and the examples is one that this program takes: its options exist.
#[test]
fn commands_of_the_pages_are_commands() {
    let read = |name: &str| fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let page = read("docs/ci.md") + &read("docs/shards.md");
    let fenced = page.split("```sh\n").skip(1).flat_map(|rest| rest.split("```").next().unwrap().lines());
    let workflows = ["secrets", "drift", "forks", "shards"].map(|name| format!(".github/workflows/{name}.yml"));
    let others =
        [".gitlab-ci.yml", "shards.gitlab-ci.yml", "bitbucket-pipelines.yml", "azure-pipelines.yml", "Jenkinsfile"]
            .map(str::to_owned);
    let files: Vec<String> = workflows.iter().chain(&others).map(|name| read(&format!("examples/ci/{name}"))).collect();
    let bare = |line: &'_ str| -> String {
        let marks = ["- ", "run: ", "script: ", "sh '"];
        marks.iter().fold(line.trim(), |line, mark| line.trim_start_matches(mark)).trim_end_matches('\'').to_owned()
    };
    let steps: Vec<String> = files.iter().flat_map(|text| text.lines()).map(bare).collect();
    let commands: Vec<&str> =
        fenced.chain(steps.iter().map(String::as_str)).filter(|line| line.starts_with("keyform ")).collect();
    assert!(commands.len() > 18, "{commands:?}");
    let others = on_machines(&read);
    assert_eq!(others.len(), 5, "{others:?}");
    let commands = commands.into_iter().chain(others.iter().map(String::as_str));
    for command in commands {
        let mut words = crate::session::words(command);
        // What a variable of the platform stands for is a number somewhere.
        words.iter_mut().filter(|word| word.starts_with('$')).for_each(|word| "7".clone_into(word));
        let output =
            std::process::Command::new(crate::scenarios::PROGRAM).args(&words[1..]).arg("--help").output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
