//! The chart of `examples/ci/kubernetes/chart`, as Helm itself lints and renders it: what comes is what the plain manifest
//! beside it has, whatever values are given; what makes no sense is refused.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use crate::services::helm;
use crate::services::helm::Linted;
use serde_json::Value;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci/kubernetes/chart")
}

fn yaml(text: &str) -> Value {
    serde_yaml_ng::from_str(text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

/// The chart's own values with others in their places.
fn values(changes: &[(&str, Value)]) -> Value {
    let mut values = yaml(&fs::read_to_string(chart().join("values.yaml")).unwrap());
    for (place, value) in changes {
        let (parent, name) = place.rsplit_once('/').unwrap();
        values.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    values
}

fn lint(changes: &[(&str, Value)]) -> Linted {
    helm::lint(&chart(), &values(changes))
}

/// What comes without a complaint.
fn rendered(changes: &[(&str, Value)], template: &str) -> Value {
    let linted = lint(changes);
    assert_eq!(linted.errors, Vec::<String>::new());
    yaml(&linted.rendered[template])
}

const POD: &str = "/spec/jobTemplate/spec/template/spec";

fn config_map() -> (&'static str, Value) {
    ("/configuration/configMap", json!("keyform"))
}

#[test]
fn what_comes_of_the_chart_is_as_guarded_as_the_manifest() {
    let made = rendered(&[config_map(), ("/drift/environment", json!("prod"))], "cronjob.yaml");
    let plain = yaml(&fs::read_to_string(chart().parent().unwrap().join("drift.yml")).unwrap());
    let same = [
        "/apiVersion",
        "/kind",
        "/spec/schedule",
        "/spec/concurrencyPolicy",
        "/spec/startingDeadlineSeconds",
        "/spec/jobTemplate/spec/backoffLimit",
        "/spec/jobTemplate/spec/activeDeadlineSeconds",
        "/spec/jobTemplate/spec/template/spec/restartPolicy",
        "/spec/jobTemplate/spec/template/spec/automountServiceAccountToken",
        "/spec/jobTemplate/spec/template/spec/securityContext/runAsNonRoot",
        "/spec/jobTemplate/spec/template/spec/securityContext/runAsUser",
        "/spec/jobTemplate/spec/template/spec/securityContext/seccompProfile",
        "/spec/jobTemplate/spec/template/spec/containers/0/image",
        "/spec/jobTemplate/spec/template/spec/containers/0/args",
        "/spec/jobTemplate/spec/template/spec/containers/0/envFrom",
        "/spec/jobTemplate/spec/template/spec/containers/0/securityContext",
        "/spec/jobTemplate/spec/template/spec/containers/0/volumeMounts/0",
        "/spec/jobTemplate/spec/template/spec/volumes/0",
    ];
    for place in same {
        let own = plain.pointer(place);
        assert!(own.is_some() && made.pointer(place) == own, "{place}: {:?}, not {own:?}", made.pointer(place));
    }
    let security = &made.pointer(POD).unwrap()["containers"][0]["securityContext"];
    assert_eq!(security["readOnlyRootFilesystem"], true);
    // Labels of the pod and its job, and a name that a CronJob may have.
    assert_eq!(made["metadata"]["labels"]["app.kubernetes.io/instance"], "test-release");
    assert!(made["metadata"]["name"].as_str().unwrap().len() <= 52);
}

#[test]
fn values_arrive_where_they_belong() {
    let text = "project \"bakery\" {\n  name = \"{{ .Values }} and \\\"quotes\\\"\"\n}\n";
    let digest = format!("sha256:{}", "5e".repeat(32));
    let changes = [
        ("/configuration/files", json!({ "main.hcl": text })),
        ("/image/digest", json!(digest)),
        ("/image/pullSecrets", json!(["registry"])),
        ("/secrets", json!([])),
        ("/env", json!({ "KEYFORM_VAR_region": "eu: \"west\"" })),
        ("/drift/notify", json!(false)),
        ("/drift/args", json!(["--output", "json=/tmp/drift.json"])),
        (
            "/serviceAccount/annotations",
            json!({ "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/drift" }),
        ),
        ("/serviceAccount/token", json!(true)),
        ("/podAnnotations", json!({ "a": "1" })),
        ("/nodeSelector", json!({ "pool": "small" })),
        ("/tolerations", json!([{ "key": "small", "operator": "Exists" }])),
        ("/resources", json!({})),
    ];
    let linted = lint(&changes);
    assert_eq!(linted.errors, Vec::<String>::new());
    let map = yaml(&linted.rendered["configmap.yaml"]);
    assert_eq!(map["data"], json!({ "main.hcl": text }));
    let account = yaml(&linted.rendered["serviceaccount.yaml"]);
    assert_eq!(
        account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"],
        "arn:aws:iam::123456789012:role/drift"
    );
    let job = yaml(&linted.rendered["cronjob.yaml"]);
    let pod = job.pointer(POD).unwrap();
    let container = &pod["containers"][0];
    assert_eq!(container["image"], format!("registry.example.com/keyform@{digest}"));
    assert_eq!(container["args"], json!(["-C", "/config", "drift", "--output", "json=/tmp/drift.json"]));
    assert_eq!(container["env"][1], json!({ "name": "KEYFORM_VAR_region", "value": "eu: \"west\"" }));
    assert!(container["envFrom"].is_null());
    assert_eq!(pod["serviceAccountName"], account["metadata"]["name"]);
    assert_eq!(
        (&pod["automountServiceAccountToken"], &account["automountServiceAccountToken"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(pod["imagePullSecrets"], json!([{ "name": "registry" }]));
    assert_eq!(pod["volumes"][0]["configMap"]["name"], map["metadata"]["name"]);
    assert_eq!((&pod["nodeSelector"]["pool"], &pod["tolerations"][0]["key"]), (&json!("small"), &json!("small")));
    let notes = &linted.rendered["NOTES.txt"];
    assert!(notes.contains("0 6 * * *") && !notes.contains("{{"), "{notes}");

    // A volume that is there, a directory in it, and an account that is there.
    let changes = [
        ("/configuration/claim", json!("configuration")),
        ("/configuration/path", json!("teams/shop")),
        ("/serviceAccount/create", json!(false)),
    ];
    let linted = lint(&changes);
    assert_eq!(linted.errors, Vec::<String>::new());
    let job = yaml(&linted.rendered["cronjob.yaml"]);
    let pod = job.pointer(POD).unwrap();
    let claim = json!({ "claimName": "configuration", "readOnly": true });
    assert_eq!(pod["volumes"][0]["persistentVolumeClaim"], claim);
    assert_eq!(pod["containers"][0]["args"][1], "/config/teams/shop");
    assert_eq!(pod["serviceAccountName"], "default");
    for empty in ["serviceaccount.yaml", "configmap.yaml"] {
        assert_eq!(linted.rendered[empty].trim(), "", "{empty}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let wrong = [
        ("/drift/schedule", json!("every day")),
        ("/drift/deadline", json!(0)),
        ("/drift/scedule", json!("0 6 * * *")),
        ("/configuration/path", json!("../elsewhere")),
        ("/configuration/configMap", json!("Not A Name")),
        ("/image/digest", json!("latest")),
        ("/env", json!({ "NOT-A-NAME": "x" })),
        ("/env", json!({ "NUMBER": 7 })),
        ("/secrets", json!([""])),
    ];
    for (place, value) in wrong {
        let linted = lint(&[config_map(), (place, value.clone())]);
        assert!(!linted.errors.is_empty() || linted.rendered.is_empty(), "{place} = {value} is taken");
    }
    // Where the configuration is has to be said, and once: while it is linted, Helm logs what would fail.
    for changes in [vec![], vec![config_map(), ("/configuration/claim", json!("c"))]] {
        let template = fs::read_to_string(chart().join("templates/configmap.yaml")).unwrap();
        assert!(template.contains("{{- fail "));
        let linted = lint(&changes);
        let told = linted.refused.iter().any(|text| text.starts_with("configuration: give exactly one of"));
        assert!(told, "{:?}", linted.refused);
    }
    assert_eq!(lint(&[config_map()]).refused, Vec::<String>::new());
}

/// What the chart says of itself fits the program: its version, and the command that it starts.
#[test]
fn the_chart_is_of_this_version() {
    let chart = yaml(&fs::read_to_string(chart().join("Chart.yaml")).unwrap());
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    let made = rendered(&[config_map(), ("/drift/environment", json!("prod"))], "cronjob.yaml");
    let args = made.pointer(POD).unwrap()["containers"][0]["args"].as_array().unwrap().clone();
    let args = args.iter().map(|arg| arg.as_str().unwrap());
    let output = std::process::Command::new(crate::scenarios::PROGRAM).args(args).arg("--help").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
