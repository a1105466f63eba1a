//! A ledger that many share: who may write, what becomes of a writer that was cut off, what is durable when. The store is in
//! memory, and fails as it is told; `stores.rs` has real ones.

use crate::canary;
use crate::undo::capsule;
use futures_util::future::BoxFuture;
use futures_util::future::join_all;
use keyform::diag::Diagnostic;
use keyform::diag::codes;
use keyform::ledger::capsules::Capsules;
use keyform::ledger::journal::Event;
use keyform::ledger::keeper::Hold;
use keyform::ledger::lease::Lease;
use keyform::ledger::lease::Seat;
use keyform::ledger::lock::Holder;
use keyform::ledger::shared::Shared;
use keyform::ledger::store::Found;
use keyform::ledger::store::Put;
use keyform::ledger::store::Store;
use keyform::ledger::store::Version;
use keyform::model::address::Address;
use keyform::model::ledger::Ledger;
use keyform::model::ledger::Record;
use keyform::secret::FingerprintKey;
use keyform::secret::Secret;
use keyform::secret::seal::Identity;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

const NOW: Duration = Duration::ZERO;
/// Short enough to wait for.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is there, and how often it was written.
#[derive(Default)]
struct Contents {
    all: BTreeMap<String, (Vec<u8>, u64)>,
    writes: u64,
}

/// How the way to the contents is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    #[default]
    Open,
    /// Nothing arrives.
    Cut,
    /// The next write arrives, and its answer does not.
    Deaf,
}

/// One machine's way to contents that several share.
#[derive(Clone, Default)]
struct Memory {
    contents: Arc<Mutex<Contents>>,
    way: Arc<Mutex<Way>>,
}

impl Memory {
    /// Another machine's way to the same contents.
    fn other(&self) -> Self {
        Self { contents: Arc::clone(&self.contents), way: Arc::default() }
    }

    fn go(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    fn keeper(&self) -> Shared {
        Shared::new(Arc::new(self.clone()), None, PATIENCE).unwrap()
    }

    fn names(&self) -> Vec<String> {
        self.contents.lock().unwrap().all.keys().cloned().collect()
    }

    fn reach(&self) -> Result<(), Diagnostic> {
        match *self.way.lock().unwrap() {
            Way::Cut => Err(Diagnostic::error(&codes::LEDGER_STORE, "cut")),
            _ => Ok(()),
        }
    }

    fn change(&self, name: &str, change: impl Fn(String) -> String) {
        let mut contents = self.contents.lock().unwrap();
        let (content, version) = contents.all.get_mut(name).unwrap();
        *content = change(String::from_utf8(content.clone()).unwrap()).into_bytes();
        *version += 1000;
    }
}

impl Store for Memory {
    fn place(&self) -> String {
        "memory://there".to_owned()
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Found>, Diagnostic>> {
        Box::pin(async move {
            self.reach()?;
            tokio::task::yield_now().await;
            let found = self.contents.lock().unwrap().all.get(name).cloned();
            Ok(found.map(|(content, version)| Found { content, version: Version(version.to_string()) }))
        })
    }

    fn put<'a>(
        &'a self,
        name: &'a str,
        content: &'a [u8],
        over: Option<&'a Version>,
    ) -> BoxFuture<'a, Result<Put, Diagnostic>> {
        Box::pin(async move {
            self.reach()?;
            tokio::task::yield_now().await;
            let mut contents = self.contents.lock().unwrap();
            let there = contents.all.get(name).map(|(_, version)| Version(version.to_string()));
            if there.as_ref() != over {
                return Ok(Put::Conflict);
            }
            contents.writes += 1;
            let version = contents.writes;
            contents.all.insert(name.to_owned(), (content.to_vec(), version));
            let mut way = self.way.lock().unwrap();
            if *way == Way::Deaf {
                *way = Way::Open;
                return Err(Diagnostic::error(&codes::LEDGER_STORE, "no answer"));
            }
            Ok(Put::Done(Version(version.to_string())))
        })
    }

    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Diagnostic>> {
        Box::pin(async move {
            self.reach()?;
            self.contents.lock().unwrap().all.remove(name);
            Ok(())
        })
    }
}

fn holder(user: &str) -> Holder {
    let start = "2026-01-02T03:04:05Z".to_owned();
    Holder { user: user.to_owned(), host: "here".to_owned(), command: "apply".to_owned(), pid: 7, start }
}

fn record(i: usize) -> Event {
    let record = Record { id: format!("id-{i}").into(), at: "2026-01-02T03:04:05Z".into(), ..Record::default() };
    Event::Record { address: Address::new("project", &format!("p{i}")), record }
}

async fn records(memory: &Memory) -> usize {
    memory.keeper().load().await.unwrap().0.records.len()
}

async fn take(memory: &Memory, user: &str) -> Lease {
    memory.keeper().take(&holder(user), None, NOW).await.unwrap_or_else(|why| panic!("{user}: {}", why.detail))
}

#[tokio::test]
async fn reading_nothing_writes_nothing() {
    let memory = Memory::default();
    assert_eq!(memory.keeper().load().await.unwrap().0, Ledger::default());
    assert_eq!(memory.names(), [""; 0]);
}

#[tokio::test]
async fn what_was_appended_is_read_by_everybody_with_the_same_key() {
    let memory = Memory::default();
    let lease = take(&memory, "ada").await;
    lease.append(&[record(1), record(2)]).await.unwrap();
    lease.append(&[Event::Forget { address: Address::new("project", "p1") }]).await.unwrap();
    lease.release().await;
    let (ledger, key) = memory.other().keeper().load().await.unwrap();
    assert_eq!((ledger.serial, ledger.records.len(), ledger.owner.len()), (3, 1, 36));
    let (again, same) = memory.keeper().load().await.unwrap();
    assert_eq!((again, same.to_hex()), (ledger, key.to_hex()));
}

#[tokio::test]
async fn a_long_journal_becomes_a_snapshot_and_the_last_one_goes() {
    let memory = Memory::default();
    let lease = take(&memory, "ada").await;
    for part in 0..4 {
        let events: Vec<Event> = (part * 1000..(part + 1) * 1000).map(record).collect();
        lease.append(&events).await.unwrap();
        assert_eq!(records(&memory).await, (part + 1) * 1000);
    }
    lease.append(&[record(4000)]).await.unwrap();
    assert_eq!(records(&memory).await, 4001);
    let names = memory.names();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names[2].starts_with("snapshot-4000-"), "{names:?}");
    let head = memory.contents.lock().unwrap().all["ledger.jsonl"].0.len();
    assert!(head < 1000, "the head has {head} bytes");
}

#[tokio::test]
async fn many_events_at_once_are_few_writes() {
    let memory = Memory::default();
    let lease = take(&memory, "ada").await;
    let before = memory.contents.lock().unwrap().writes;
    let events: Vec<[Event; 1]> = (0..200).map(|i| [record(i)]).collect();
    let all = join_all(events.iter().map(|event| lease.append(event))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(records(&memory).await, 200);
    let writes = memory.contents.lock().unwrap().writes - before;
    assert!(writes < 10, "{writes} writes");
}

#[tokio::test]
async fn one_writes_at_a_time_and_who_it_is_is_said() {
    let memory = Memory::default();
    let lease = take(&memory, "ada").await;
    let why = memory.other().keeper().take(&holder("bob"), None, NOW).await.err().unwrap();
    assert_eq!(why.code, &codes::LEDGER_LOCKED);
    let held = "memory://there is held: `apply` by ada on here, process 7, since 2026-01-02T03:04:05Z.";
    assert!(why.detail.starts_with(held), "{}", why.detail);
    let id = memory.keeper().leases().await.unwrap()[0].id.clone();
    assert!(why.help.unwrap().ends_with(&format!("`keyform ledger unlock {id}`")));
    let (other, bob) = (memory.other().keeper(), holder("bob"));
    // Longer than the patience: as long as it is heard of, it is waited for.
    let release = async {
        tokio::time::sleep(PATIENCE * 2).await;
        lease.append(&[record(1)]).await.unwrap();
        lease.release().await;
    };
    let (taken, ()) = tokio::join!(other.take(&bob, None, Duration::from_secs(60)), release);
    taken.unwrap_or_else(|why| panic!("{}", why.detail)).append(&[record(2)]).await.unwrap();
    assert_eq!(records(&memory).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_begin_at_once_one_gets_it() {
    let memory = Memory::default();
    let keepers: Vec<Shared> = (0..8).map(|_| memory.other().keeper()).collect();
    let ada = holder("ada");
    let taken = join_all(keepers.iter().map(|keeper| keeper.take(&ada, None, NOW))).await;
    let leases: Vec<Lease> = taken.into_iter().filter_map(Result::ok).collect();
    assert_eq!(leases.len(), 1);
    leases[0].append(&[record(1)]).await.unwrap();
    let names = memory.names();
    assert_eq!(names.len(), 2, "keys that nobody was told of are left over: {names:?}");
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_taken_for_dead_and_can_write_no_more() {
    let memory = Memory::default();
    let lease = take(&memory, "ada").await;
    lease.append(&[record(1)]).await.unwrap();
    memory.go(Way::Cut);
    let other = memory.other().keeper();
    let new =
        other.take(&holder("bob"), None, Duration::from_secs(60)).await.unwrap_or_else(|why| panic!("{}", why.detail));
    // It is back, and does not know.
    memory.go(Way::Open);
    let why = lease.append(&[record(2)]).await.unwrap_err();
    assert_eq!(why.code, &codes::LEASE_LOST);
    assert_eq!(lease.ensure().await.unwrap_err().code, &codes::LEASE_LOST);
    assert!(lease.is_lost());
    new.append(&[record(3)]).await.unwrap();
    let ledger = memory.keeper().load().await.unwrap().0;
    let addresses: Vec<String> = ledger.records.keys().map(ToString::to_string).collect();
    assert_eq!(addresses, ["project.p1", "project.p3"]);
    // Its end takes nothing from who is writing now.
    lease.release().await;
    new.append(&[record(4)]).await.unwrap();
}

#[tokio::test]
async fn a_run_that_hears_nothing_for_too_long_stops_by_itself() {
    let memory = Memory::default();
    let lease = take(&memory, "ada").await;
    memory.go(Way::Cut);
    let why = lease.append(&[record(1)]).await.unwrap_err();
    assert_eq!(why.code, &codes::LEASE_LOST);
    assert!(why.detail.contains("cut"), "{}", why.detail);
    memory.go(Way::Open);
    assert_eq!(lease.append(&[record(2)]).await.unwrap_err().code, &codes::LEASE_LOST);
    assert_eq!(records(&memory).await, 0);
}

#[tokio::test]
async fn a_lost_answer_is_looked_up() {
    let memory = Memory::default();
    memory.go(Way::Deaf);
    let lease = take(&memory, "ada").await;
    for i in 0..3 {
        memory.go(Way::Deaf);
        lease.append(&[record(i)]).await.unwrap();
    }
    memory.go(Way::Deaf);
    lease.release().await;
    let (ledger, _) = memory.keeper().load().await.unwrap();
    assert_eq!((ledger.serial, ledger.records.len()), (3, 3));
    assert_eq!(memory.keeper().leases().await.unwrap(), []);
}

#[tokio::test]
async fn unlocking_takes_the_id_and_fences_the_holder_off() {
    let memory = Memory::default();
    let other = memory.other().keeper();
    assert_eq!(other.unlock("any").await.unwrap_err().code, &codes::NO_LEASE);
    let lease = take(&memory, "ada").await;
    assert_eq!(other.unlock("any").await.unwrap_err().code, &codes::NO_LEASE);
    let id = other.leases().await.unwrap()[0].id.clone();
    assert_eq!(other.unlock(&id).await.unwrap().holder.user, "ada");
    assert_eq!(lease.append(&[record(1)]).await.unwrap_err().code, &codes::LEASE_LOST);
    assert_eq!(records(&memory).await, 0);
    take(&memory, "bob").await.append(&[record(2)]).await.unwrap();
}

#[tokio::test]
async fn another_ledger_takes_the_place_of_one_with_its_own_key() {
    let memory = Memory::default();
    let lease = take(&memory, "ada").await;
    lease.append(&[record(1)]).await.unwrap();
    let key = FingerprintKey::generate();
    let new = Ledger { serial: 40, owner: "someone".into(), ..Ledger::default() };
    lease.replace(&new, &key).await.unwrap();
    lease.append(&[record(2)]).await.unwrap();
    lease.release().await;
    let (ledger, found) = memory.other().keeper().load().await.unwrap();
    assert_eq!((ledger.serial, &*ledger.owner, ledger.records.len()), (41, "someone", 1));
    assert_eq!(found.to_hex(), key.to_hex());
    assert_eq!(memory.names().iter().filter(|name| name.ends_with(".key")).count(), 1);
}

#[tokio::test]
async fn a_key_of_the_environment_is_kept_nowhere() {
    let memory = Memory::default();
    let key = FingerprintKey::generate().to_hex();
    let keeper = |key: &Secret| Shared::new(Arc::new(memory.clone()), Some(key), PATIENCE).unwrap();
    keeper(&key).take(&holder("ada"), None, NOW).await.unwrap_or_else(|why| panic!("{}", why.detail)).release().await;
    assert_eq!(memory.names(), ["ledger.jsonl"]);
    assert!(keeper(&key).load().await.is_ok());
    let foreign = FingerprintKey::generate().to_hex();
    for wrong in [memory.keeper(), keeper(&foreign)] {
        assert_eq!(wrong.load().await.unwrap_err().code, &codes::LEDGER_KEY);
        assert_eq!(wrong.take(&holder("ada"), None, NOW).await.err().unwrap().code, &codes::LEDGER_KEY);
    }
    assert_eq!(memory.names(), ["ledger.jsonl"]);
}

#[tokio::test]
async fn damage_is_named_and_left_as_it_is() {
    let check = async |change: &dyn Fn(String) -> String, expected: &str| {
        let memory = Memory::default();
        let lease = take(&memory, "ada").await;
        lease.append(&[record(1), record(2)]).await.unwrap();
        lease.release().await;
        memory.change("ledger.jsonl", change);
        let before = memory.contents.lock().unwrap().writes;
        for why in [memory.keeper().load().await.err(), memory.keeper().take(&holder("bob"), None, NOW).await.err()] {
            let why = why.unwrap();
            assert_eq!((why.code, &*why.detail), (&codes::LEDGER_DAMAGED, expected));
        }
        assert_eq!(memory.contents.lock().unwrap().writes, before);
    };
    let at = |what: &str| format!("memory://there/ledger.jsonl: {what}. Nothing was written.");
    check(&|text| text.replacen("\"owner\"", "\"canary\"", 1), &at("line 1 is not of a ledger")).await;
    check(&|text| text.replacen("project.p2", "project.p 2", 1), &at("line 3 is no event")).await;
    check(
        &|text| text.replacen("\"snapshot\":null", "\"snapshot\":\"gone\"", 1),
        &at("it names `gone`, which is not there"),
    )
    .await;
    let memory = Memory::default();
    take(&memory, "ada").await.release().await;
    memory.change("ledger.jsonl", |text| text.replacen("\"version\":1", "\"version\":9", 1));
    let own = format!("\"keyform\":\"{}\"", env!("CARGO_PKG_VERSION"));
    memory.change("ledger.jsonl", |text| text.replacen(&own, "\"keyform\":\"99.1.0\"", 1));
    let why = memory.keeper().load().await.unwrap_err();
    assert_eq!((why.code, why.help.as_deref()), (&codes::LEDGER_VERSION, Some("use keyform 99.1.0, or a later one")));
}

/// What a run took lies where the ledger does, so that another machine can put it back.
#[tokio::test]
async fn capsules_are_kept_in_the_store() {
    let memory = Memory::default();
    let hold = Hold::Shared(take(&memory, "ada").await);
    let shared = memory.keeper();
    let key = shared.load().await.unwrap().1;
    let (identity, capsules) = (Identity::generate(), Capsules::shared(&shared));
    let recipients = [identity.recipient()];
    let keep = async |run: &str| {
        let capsule = capsule(run, &["canary-kept"]);
        capsules.keep(&hold, &key, (&recipients, 2), &capsule, None).await.map_err(|why| why.code.id)
    };
    for run in ["1", "2"] {
        assert_eq!(keep(run).await.as_deref(), Ok(run));
    }
    // The answer to a write is lost: it was done all the same.
    memory.go(Way::Deaf);
    assert_eq!(keep("3").await.as_deref(), Ok("3"));
    memory.go(Way::Cut);
    assert_eq!(keep("4").await, Err("KF0940"));
    memory.go(Way::Open);
    hold.release().await;

    let other = memory.other().keeper();
    let capsules = Capsules::shared(&other);
    let (notes, damaged) = capsules.notes().await.unwrap();
    assert_eq!(notes.iter().map(|note| &*note.run).collect::<Vec<_>>(), ["3", "2"]);
    assert!(damaged.is_empty(), "{damaged:?}");
    let opened = capsules.open(&notes[0], &[identity], &other.load().await.unwrap().1).await.unwrap();
    assert_eq!(opened.kept[0].value.expose(), "canary-kept");
    let names: Vec<String> = memory.names().into_iter().filter(|name| name.starts_with("undo")).collect();
    assert_eq!(names, ["undo-2.age", "undo-3.age", "undo.json"]);
    let canaries = canary::collect(["canary-kept"]);
    for (name, (content, _)) in &memory.contents.lock().unwrap().all {
        assert_eq!(canary::found(&canaries, content), Vec::<&str>::new(), "{name}");
    }
}

fn seat(index: u32, split: &str) -> Seat {
    Seat { index, split: split.to_owned(), beat: 0 }
}

async fn sit(memory: &Memory, index: u32) -> Lease {
    let (user, seat) = (format!("shard {index}"), seat(index, "one"));
    let taken = memory.other().keeper().take(&holder(&user), Some(&seat), NOW).await;
    taken.unwrap_or_else(|why| panic!("{user}: {}", why.detail))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_of_one_split_write_at_once_and_nothing_is_lost() {
    let memory = Memory::default();
    let mut leases = Vec::new();
    for index in 1..=4 {
        // A slow machine has time for all of it.
        let keeper = Shared::new(Arc::new(memory.other()), None, PATIENCE * 60).unwrap();
        let taken = keeper.take(&holder("ada"), Some(&seat(index, "one")), NOW).await;
        leases.push(taken.unwrap_or_else(|why| panic!("{}", why.detail)));
    }
    // Enough for several snapshots, each made by whoever comes to it.
    let work = leases.iter().enumerate().map(|(at, lease)| async move {
        for part in 0..40 {
            let first = at * 10_000 + part * 50;
            lease.append(&(first..first + 50).map(record).collect::<Vec<_>>()).await.unwrap();
        }
    });
    join_all(work).await;
    assert_eq!(records(&memory).await, 4 * 40 * 50);
    assert_eq!(memory.keeper().load().await.unwrap().0.serial, 4 * 40 * 50);
    let snapshots: Vec<String> = memory.names().into_iter().filter(|name| name.starts_with("snapshot-")).collect();
    assert_eq!(snapshots.len(), 1, "those that lost are taken away: {snapshots:?}");
    for lease in leases {
        lease.release().await;
    }
    assert_eq!(memory.keeper().leases().await.unwrap(), []);
    take(&memory, "ada").await.append(&[record(99_999)]).await.unwrap();
}

#[tokio::test]
async fn a_shard_keeps_out_whoever_may_touch_what_is_its_own() {
    let memory = Memory::default();
    let lease = sit(&memory, 2).await;
    let keeper = memory.other().keeper();
    for (seat, says) in [(None, ""), (Some(seat(2, "one")), ""), (Some(seat(3, "other")), "splits otherwise")] {
        let why = keeper.take(&holder("bob"), seat.as_ref(), NOW).await.err().unwrap();
        assert_eq!(why.code, &codes::LEDGER_LOCKED);
        assert!(why.detail.contains(says), "{}", why.detail);
    }
    sit(&memory, 3).await.release().await;
    lease.release().await;
    let lease = take(&memory, "ada").await;
    let why = keeper.take(&holder("bob"), Some(&seat(1, "one")), NOW).await.err().unwrap();
    assert_eq!(why.code, &codes::LEDGER_LOCKED);
    lease.append(&[record(1)]).await.unwrap();
}

#[tokio::test]
async fn a_shard_that_was_cut_off_is_fenced_while_the_others_go_on() {
    let memory = Memory::default();
    let cut = memory.other();
    let lost = cut
        .keeper()
        .take(&holder("lost"), Some(&seat(1, "one")), NOW)
        .await
        .unwrap_or_else(|why| panic!("{}", why.detail));
    lost.append(&[record(1)]).await.unwrap();
    let beside = sit(&memory, 2).await;
    cut.go(Way::Cut);
    let keeper = memory.other().keeper();
    // The other one writes all the time: that is no sign of the one that is gone.
    let (holder, seat) = (holder("new"), seat(1, "one"));
    let writes = async {
        for n in 10.. {
            beside.append(&[record(n)]).await.unwrap();
            tokio::time::sleep(PATIENCE / 10).await;
        }
    };
    let new = tokio::select! {
        new = keeper.take(&holder, Some(&seat), Duration::from_secs(60)) => new.unwrap_or_else(|why| panic!("{}", why.detail)),
        () = writes => unreachable!(),
    };
    cut.go(Way::Open);
    assert_eq!(lost.append(&[record(2)]).await.unwrap_err().code, &codes::LEASE_LOST);
    new.append(&[record(3)]).await.unwrap();
    beside.append(&[record(4)]).await.unwrap();
    let ledger = memory.keeper().load().await.unwrap().0;
    let has = |n: usize| ledger.records.contains_key(&Address::new("project", &format!("p{n}")));
    assert!(has(1) && !has(2) && has(3) && has(4), "{:?}", ledger.records.keys());
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_there_once_though_another_shard_wrote_over_it() {
    let memory = Memory::default();
    let deaf = memory.other();
    let lease = deaf
        .keeper()
        .take(&holder("deaf"), Some(&seat(1, "one")), NOW)
        .await
        .unwrap_or_else(|why| panic!("{}", why.detail));
    let beside = sit(&memory, 2).await;
    for n in 0..10 {
        deaf.go(Way::Deaf);
        let (own, other) = ([record(2 * n)], [record(2 * n + 1)]);
        let (a, b) = tokio::join!(lease.append(&own), beside.append(&other));
        a.and(b).unwrap_or_else(|why| panic!("{}", why.detail));
    }
    assert_eq!(records(&memory).await, 20);
}
