//! `keyform drift` only reads: a server that refuses every write is never asked for one.

use crate::faults::proxy::Fault;
use crate::faults::proxy::answer;
use crate::faults::stand::Stand;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

/// Every file below a directory with its text.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_every_write_hears_of_none() {
    let stand = Stand::changed().await;
    // Somebody was at the destination, too: there is everything to do.
    stand.world.write("out/dev.env", "APP_A=canary-by-hand\n");
    let before = files(stand.world.path());
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let ears = Arc::clone(&heard);
    stand.proxy.faults(move |method, path| {
        // To log in is to ask.
        if method == "GET" || path.ends_with("/login") {
            return None;
        }
        ears.lock().unwrap().push(format!("{method} {path}"));
        Some(Fault { is_done: false, says: answer("403 Forbidden", "", "application/json", "{}") })
    });
    let ran = stand.run(&["drift"]).await;
    assert_eq!(ran.code, 4, "{}", ran.said);
    assert_eq!(*heard.lock().unwrap(), Vec::<String>::new(), "{}", ran.said);
    assert_eq!(files(stand.world.path()), before, "no file was touched");
    // The same stand notices a writer.
    let ran = stand.run(&["apply", "--auto-approve"]).await;
    assert_ne!(ran.code, 0, "{}", ran.said);
    assert!(!heard.lock().unwrap().is_empty());
    stand.end().await;
}
