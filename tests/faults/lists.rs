//! An answer without the list that was asked for: it is never taken for an empty list, whatever list it is.

use crate::faults::proxy::Fault;
use crate::faults::proxy::Says;
use crate::faults::proxy::answer;
use crate::faults::stand::Stand;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;

const MORE: &str = r#"
tag "cold" {
  project = project.bakery
}
project_role "baker" {
  project     = project.bakery
  name        = "Baker"
  permissions = [{ subject = "secrets", action = ["read"] }]
}
identity "oven" {
  name = "oven"
}
project_identity "oven" {
  project  = project.bakery
  identity = identity.oven
  roles    = ["viewer"]
}
webhook "hook" {
  project     = project.bakery
  environment = "dev"
  path        = "/api"
  url         = "https://hooks.example.com/alerts"
}
secret_import "up" {
  project     = project.bakery
  environment = "dev"
  path        = "/"
  from = {
    environment = "dev"
    path        = "/api"
  }
}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_its_list_is_no_empty_list() {
    let stand = Stand::new().await;
    let main = stand.world.read("main.hcl");
    stand.world.write("main.hcl", &format!("{main}{MORE}"));
    let ran = stand.apply().await;
    assert_eq!(ran.code, 0, "{}", ran.said);
    let asked: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let heard = Arc::clone(&asked);
    stand.proxy.faults(move |method, path| {
        if method == "GET" {
            heard.lock().unwrap().insert(path.to_owned());
        }
        None
    });
    let ran = stand.run(&["plan", "--exit-code"]).await;
    assert_eq!(ran.code, 0, "{}", ran.said);
    let paths = asked.lock().unwrap().clone();
    assert!(paths.len() > 9, "{paths:?}");
    for path in paths {
        for body in ["{}", "[]", "null", "{\"message\":\"x\"}"] {
            // The one list that is nothing but a list.
            if (&*path, body) == ("/api/v2/gateways", "[]") {
                continue;
            }
            let fault = Fault { is_done: false, says: answer("200 OK", "", "application/json", body) };
            let at = path.clone();
            stand.proxy.faults(move |method, path| (method == "GET" && path == at).then(|| fault.clone()));
            let ran = stand.run(&["plan", "--exit-code"]).await;
            let is_failed = matches!(ran.code, 1 | 5 | 6) && ran.said.contains("unexpected");
            assert!(is_failed, "{path} answers {body}: {} {}", ran.code, ran.said);
        }
    }
    stand.end().await;
}

/// What a value of several lines, quotes and backslashes looks like in the body that a refusal quotes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_quotes_an_escaped_value_does_not_show_it() {
    let stand = Stand::changed().await;
    stand.world.write("a", "-----BEGIN KEY-----\nMIICanaryAAAA\nMIICanaryBBBB\n-----END KEY-----\n");
    stand.world.write("b", "p\"ss\\w\u{f6}rd-Canary9");
    stand.proxy.faults(|method, path| {
        let is_write = method != "GET" && path.contains("/secrets");
        is_write.then_some(Fault { is_done: false, says: Says::Echo(400) })
    });
    let outputs = ["json", "markdown", "junit", "sarif"].map(|format| format!("--output={format}=out.{format}"));
    let args: Vec<&str> = ["apply", "--auto-approve"].into_iter().chain(outputs.iter().map(String::as_str)).collect();
    let ran = stand.run(&args).await;
    assert!(ran.code == 1 && ran.said.contains("KF0604"), "{} {}", ran.code, ran.said);
    let written = ["json", "markdown", "junit", "sarif"].map(|format| stand.world.read(&format!("out.{format}")));
    for said in [ran.said].iter().chain(&written) {
        assert!(
            !said.is_empty() && !said.contains("MIIC") && !said.contains("Canary") && !said.contains("p\\"),
            "{said}"
        );
    }
    stand.end().await;
}
