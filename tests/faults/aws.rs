//! The faults that happen on the way to AWS, as moto plays it behind a relay of bytes: what a write of keyform to a
//! destination comes to, and that the next one ends it.

use crate::faults::proxy::Fault;
use crate::faults::proxy::Proxy;
use crate::faults::proxy::Says;
use crate::faults::proxy::answer;
use crate::laws;
use crate::laws::stand;
use crate::laws::stand::Stand;
use futures_util::StreamExt;
use keyform::http::client::Client;
use keyform::http::client::Options;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

pub(super) const HEAD: &str = "
## On the way to AWS

A destination is read, one key made, one changed and one taken away, at Parameter Store and at Secrets Manager, each played by
[moto](https://github.com/getmoto/moto). Then the cause is gone and the same is done again: in every row all three keys are then as they
should be, nothing is there twice, and what is not keyform's is as it was.

| fault | where | how often | Parameter Store | Secrets Manager |
|---|---|---|---|---|
";

/// Where it happens.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Read,
    Write,
}

impl At {
    fn is(self, operation: &str) -> bool {
        let name = operation.split('.').nth(1).unwrap_or_default();
        let reads = ["Get", "BatchGet", "List", "Describe"].iter().any(|verb| name.starts_with(verb));
        reads == (self == Self::Read)
    }
}

const KIND: &str = "application/x-amz-json-1.1";

fn refusal(status: &str, headers: &str, kind: &str, message: &str) -> Says {
    answer(status, headers, KIND, &format!("{{\"__type\":\"{kind}\",\"message\":\"{message}\"}}"))
}

type Row = (&'static str, At, bool, Fault);

fn rows() -> Vec<Row> {
    let page = |status| answer(status, "", "text/html", "<html><body>\u{1b}[31msign in</body></html>");
    let busy = |headers| refusal("429 Too Many Requests", headers, "ThrottlingException", "Rate exceeded");
    let slow = || refusal("400 Bad Request", "", "ThrottlingException", "Rate exceeded");
    let failed = || refusal("500 Internal Server Error", "", "InternalServerError", "oops");
    let skew = || {
        let words =
            "Signature expired: 20261121T000000Z is now earlier than 20261121T001000Z (20261121T001500Z - 5 min.)";
        refusal("400 Bad Request", "", "InvalidSignatureException", words)
    };
    let expired = || {
        let words = "The security token included in the request is expired";
        refusal("400 Bad Request", "", "ExpiredTokenException", words)
    };
    let undone = |says| Fault { is_done: false, says };
    let done = |says| Fault { is_done: true, says };
    let (once, always) = (true, false);
    use At::Read;
    use At::Write;
    vec![
        ("429 with Retry-After", Read, once, undone(busy("retry-after: 1\r\n"))),
        ("429 with Retry-After", Write, once, undone(busy("retry-after: 1\r\n"))),
        ("429 without Retry-After", Write, once, undone(busy(""))),
        ("400 that says it is throttling", Write, once, undone(slow())),
        ("connection reset", Read, always, undone(Says::Reset)),
        ("connection reset", Write, once, undone(Says::Reset)),
        ("reset in the middle of a body", Read, once, done(Says::Half)),
        ("reset in the middle of a body", Write, once, done(Says::Half)),
        ("truncated JSON", Read, always, done(Says::Short)),
        ("truncated JSON", Write, once, done(Says::Short)),
        ("a web page with 200", Read, always, undone(page("200 OK"))),
        ("a web page with 200", Write, once, undone(page("200 OK"))),
        ("a web page with 503", Read, once, undone(page("503 Service Unavailable"))),
        ("a web page with 503", Write, always, undone(page("503 Service Unavailable"))),
        ("500", Read, always, undone(failed())),
        ("500 after the write took effect", Write, once, done(failed())),
        ("a body that drips", Read, once, done(Says::Drip)),
        ("a clock that is wrong", Read, always, undone(skew())),
        ("a clock that is wrong", Write, always, undone(skew())),
        ("the token expired", Read, always, undone(expired())),
        ("the token expired", Write, always, undone(expired())),
        ("a refusal that quotes everything it was sent", Write, always, undone(Says::Echo(400))),
    ]
}

/// All rows of the table.
pub(super) async fn lines() -> String {
    let row = |(name, at, once, fault): Row| async move {
        let parameters = tried(&stand::parameter_store().await, name, at, once, &fault).await;
        let secrets = tried(&stand::secrets_manager_one().await, name, at, once, &fault).await;
        let place = if at == At::Read { "reading" } else { "writing" };
        let often = if once { "once" } else { "always" };
        format!("| {name} | {place} | {often} | {parameters} | {secrets} |\n")
    };
    futures_util::stream::iter(rows()).map(row).buffered(8).collect::<String>().await
}

async fn tried(stand: &Stand, name: &str, at: At, once: bool, fault: &Fault) -> String {
    let front = stand.front.as_ref().unwrap();
    let proxy = Proxy::before(front.address).await;
    let address = proxy.url.trim_start_matches("http://").parse().unwrap();
    let redirect = stand.redirect.keys().map(|host| (host.clone(), address)).collect();
    let client = Client::new(Options { redirect, ..Options::default() }).unwrap();
    stand.ground.plant(&BTreeMap::from([(laws::key(2), laws::canary(20)), (laws::key(3), laws::canary(3))])).await;
    stand.ground.plant_neighbours(&[&laws::key(1), &laws::key(2), &laws::key(3)]).await;
    let own = [&*laws::key(1), &*laws::key(2), &*laws::key(3)];
    let rest = stand.ground.rest(&own).await;

    let spent = AtomicBool::new(false);
    let fault = fault.clone();
    proxy.faults(move |_, operation| {
        let hit = at.is(operation) && !(once && spent.swap(true, Ordering::SeqCst));
        hit.then(|| fault.clone())
    });
    let outcome = write(stand, &client).await;
    proxy.heal();
    assert_eq!(write(stand, &client).await, "done", "{name}: the next run");
    let mut holds = stand.ground.holds().await;
    assert_eq!(holds.remove(&laws::key(1)), Some(laws::canary(1)), "{name}");
    assert_eq!(holds.remove(&laws::key(2)), Some(laws::canary(2)), "{name}");
    assert_eq!(holds.remove(&laws::key(3)), None, "{name}");
    assert_eq!(stand.ground.rest(&own).await, rest, "{name}: what is not keyform's");
    outcome
}

/// Reads, and writes what differs; gives the codes of what failed.
async fn write(stand: &Stand, client: &Client) -> String {
    let destination = laws::open(stand, client);
    let mut codes = BTreeSet::new();
    let mut fail = |why: &keyform::diag::Diagnostic| {
        assert!(!format!("{why:?}").contains("canary"), "{why:?}");
        codes.insert(why.code.id);
    };
    let place = match destination.read().await {
        Err(why) => {
            fail(&why);
            "not read"
        }
        Ok(seen) => {
            if let Some(why) = &seen.partial {
                fail(why);
            }
            let value = |n| seen.entries.get(&*laws::key(n)).and_then(|there| there.value.as_ref()).map(|v| v.expose());
            let mut writes = Vec::new();
            if value(1).is_none() {
                writes.push(laws::create(&laws::key(1), &laws::canary(1)));
            }
            if value(2) != Some(&laws::canary(2)) {
                writes.push(laws::update(&laws::key(2), &laws::canary(2)));
            }
            if value(3).is_some() {
                writes.push(laws::delete(&laws::key(3)));
            }
            // From a partial listing nothing is written here.
            let writes = if seen.partial.is_some() { Vec::new() } else { writes };
            let outcomes = destination.write(&seen, &writes).await;
            outcomes.iter().filter_map(|outcome| outcome.result.as_ref().err()).for_each(&mut fail);
            if seen.partial.is_some() { "read in part" } else { "written in part" }
        }
    };
    if codes.is_empty() { "done".to_owned() } else { format!("{place}: {}", Vec::from_iter(codes).join(", ")) }
}
