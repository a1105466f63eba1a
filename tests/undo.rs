//! Undo capsules on disk: what is kept is opened as it was, by its recipients alone, and by nobody where it was touched.

use crate::canary;
use crate::ledger::holder;
use futures_util::FutureExt;
use keyform::ledger::capsules::Capsules;
use keyform::ledger::files::Files;
use keyform::ledger::keeper::Hold;
use keyform::model::address::Address;
use keyform::model::capsule::Capsule;
use keyform::model::capsule::Kept;
use keyform::model::capsule::Note;
use keyform::model::capsule::Owner;
use keyform::model::capsule::Place;
use keyform::model::capsule::Stored;
use keyform::model::ledger::Record;
use keyform::secret::FingerprintKey;
use keyform::secret::Secret;
use keyform::secret::seal;
use keyform::secret::seal::Identity;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::prop_oneof;
use proptest::proptest;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Files never let anyone wait.
fn now<T>(done: impl Future<Output = T>) -> T {
    done.now_or_never().unwrap()
}

struct World {
    dir: tempfile::TempDir,
    lock: Hold,
    key: FingerprintKey,
    identity: Identity,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(dir.path(), None).unwrap();
        let lock = files.lock(&holder(), Duration::ZERO).unwrap();
        let key = files.load().unwrap().1;
        let lock = Hold::Files(files, lock);
        Self { dir, lock, key, identity: Identity::generate() }
    }

    fn capsules(&self) -> Capsules {
        Capsules::beside(self.dir.path())
    }

    fn keep(&self, most: usize, capsule: &Capsule) {
        self.keep_while(most, capsule, None);
    }

    fn keep_while(&self, most: usize, capsule: &Capsule, undone: Option<&str>) -> String {
        let (capsules, recipients) = (self.capsules(), [self.identity.recipient()]);
        let kept = capsules.keep(&self.lock, &self.key, (&recipients, most), capsule, undone);
        now(kept).unwrap().to_string()
    }

    fn notes(&self) -> Vec<Note> {
        let (notes, damaged) = now(self.capsules().notes()).unwrap();
        assert!(damaged.is_empty(), "{damaged:?}");
        notes
    }

    /// The code of what is wrong with a capsule, or its number of values.
    fn open(&self, note: &Note) -> Result<usize, &'static str> {
        let opened = now(self.capsules().open(note, std::slice::from_ref(&self.identity), &self.key));
        opened.map(|capsule| capsule.kept.len()).map_err(|why| why.code.id)
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join("undo").join(name)
    }
}

fn note(run: &str, kept: &[Kept]) -> Note {
    let values = kept.iter().map(|kept| kept.address.clone()).collect();
    Note { run: run.into(), at: "2026-01-02T03:04:05Z".into(), command: "apply".into(), values, undone: None }
}

pub(crate) fn capsule(run: &str, values: &[&str]) -> Capsule {
    let kept: Vec<Kept> = values
        .iter()
        .enumerate()
        .map(|(i, value)| Kept {
            address: Address::new("secret_sync", "web").entry(&format!("K{i}")),
            place: Place::Entry { called: "local-file (file = out.env)".into() },
            value: Secret::new((*value).to_owned()),
            left: None,
            owner: Owner::Other,
        })
        .collect();
    Capsule { note: note(run, &kept), kept }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn kept() -> impl Strategy<Value = Kept> {
    let text = || any::<String>();
    let fingerprint = |seed: u8| FingerprintKey::from_hex(&"07".repeat(32)).unwrap().fingerprint("x", &[seed]);
    let secret = (text(), text(), text(), text(), text(), proptest::collection::btree_map(text(), text(), 0..3));
    let place = prop_oneof![
        text().prop_map(|called| Place::Entry { called: called.into() }),
        secret.prop_map(|(project, environment, path, key, comment, metadata)| Place::Secret(Stored {
            project: project.into(),
            environment: environment.into(),
            path: path.into(),
            tags: vec![key.clone().into()],
            key: key.into(),
            comment: comment.into(),
            metadata: metadata.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        })),
    ];
    let owner = prop_oneof![
        proptest::strategy::Just(Owner::Other),
        proptest::strategy::Just(Owner::Apart),
        (text(), any::<u8>()).prop_map(move |(id, seed)| {
            let written = [("value".into(), fingerprint(seed))].into();
            Owner::Keyform(Record { id: id.into(), written, removes: seed % 2 == 0, ..Record::default() })
        }),
    ];
    (text(), place, text(), proptest::option::of(any::<u8>()), owner).prop_map(
        move |(key, place, value, left, owner)| {
            let address = Address::new("secret_sync", "web").entry(&key);
            Kept { address, place, value: Secret::new(value), left: left.map(fingerprint), owner }
        },
    )
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 32, ..Default::default() })]
    #[test]
    fn what_is_kept_is_opened_as_it_was(kept in proptest::collection::vec(kept(), 0..6)) {
        let world = World::new();
        let capsule = Capsule { note: note("20260102-030405-678", &kept), kept };
        world.keep(1, &capsule);
        let notes = world.notes();
        prop_assert_eq!(&notes, std::slice::from_ref(&capsule.note));
        let opened = now(world.capsules().open(&notes[0], std::slice::from_ref(&world.identity), &world.key)).unwrap();
        prop_assert_eq!(opened, capsule);
    }
}

#[test]
fn what_is_on_disk_holds_no_value_and_is_for_its_owner_alone() {
    let world = World::new();
    world.keep(9, &capsule("1", &["canary-kept-1", "canary-kept-2"]));
    let canaries = canary::collect(["canary-kept-1 canary-kept-2"]);
    for name in names(&world.file("")) {
        let bytes = fs::read(world.file(&name)).unwrap();
        assert_eq!(canary::found(&canaries, &bytes), Vec::<&str>::new(), "{name}");
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(world.file(&name)).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
    let shown = format!("{:?}", capsule("1", &["canary-kept-1"]));
    assert_eq!(canary::found(&canaries, shown.as_bytes()), Vec::<&str>::new());
}

#[test]
fn only_the_newest_are_kept_and_what_a_crash_left_goes_with_them() {
    let world = World::new();
    // Killed between a capsule and its note.
    fs::create_dir(world.file("")).unwrap();
    fs::write(world.file("0.age"), "half").unwrap();
    fs::write(world.file(".1.age.keyform"), "half").unwrap();
    assert_eq!(world.notes(), []);
    for run in ["1", "2", "3"] {
        world.keep(2, &capsule(run, &["canary-kept"]));
    }
    let runs: Vec<_> = world.notes().into_iter().map(|note| note.run.to_string()).collect();
    assert_eq!(runs, ["3", "2"]);
    assert_eq!(names(&world.file("")), ["2.age", "2.json", "3.age", "3.json"]);
}

#[test]
fn what_was_kept_last_stays_whatever_the_clock_says_and_so_does_what_is_being_undone() {
    let world = World::new();
    world.keep(1, &capsule("20270101-000000-000", &["canary-of-tomorrow"]));
    let run = world.keep_while(1, &capsule("20260102-030405-006", &["canary-kept"]), None);
    let runs = || world.notes().iter().map(|note| note.run.to_string()).collect::<Vec<_>>();
    assert_eq!((runs(), &*run), (vec![run.clone()], "20270101-000000-000-1"));
    assert_eq!(world.open(&world.notes()[0]), Ok(1));
    // The way back keeps what it takes, and what it comes from is there until it is done.
    let back = world.keep_while(1, &capsule("20280101-000000-000", &["canary-kept"]), Some(&run));
    assert_eq!(runs(), [back, run]);
    assert_eq!(world.open(&world.notes()[1]), Ok(1));
    world.keep(1, &capsule("20290101-000000-000", &["canary-kept"]));
    assert_eq!(runs(), ["20290101-000000-000"]);
}

#[test]
fn what_is_damaged_foreign_or_sealed_for_others_is_not_used() {
    let world = World::new();
    world.keep(9, &capsule("1", &["canary-kept"]));
    world.keep(9, &capsule("2", &["canary-kept", "canary-kept"]));
    let notes = world.notes();
    let (two, one) = (&notes[0], &notes[1]);
    assert_eq!((world.open(one), world.open(two)), (Ok(1), Ok(2)));

    let sealed = fs::read(world.file("1.age")).unwrap();
    for at in (0..sealed.len()).step_by(7) {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        fs::write(world.file("1.age"), damaged).unwrap();
        let why = world.open(one).unwrap_err();
        // Where the stanza of the recipient is damaged, it is nobody's.
        assert!(["KF0941", "KF0942"].contains(&why), "{at}: {why}");
        fs::write(world.file("1.age"), &sealed[..at]).unwrap();
        assert_eq!(world.open(one), Err("KF0941"), "cut at {at}");
    }
    // One that another run left, in its place.
    fs::copy(world.file("2.age"), world.file("1.age")).unwrap();
    assert_eq!(world.open(one), Err("KF0943"));
    fs::remove_file(world.file("1.age")).unwrap();
    assert_eq!(world.open(one), Err("KF0941"));

    // Sealed for the right recipient by somebody without the ledger's key.
    let other = World { identity: world.identity.clone(), ..World::new() };
    other.keep(9, &capsule("2", &["canary-of-a-stranger"]));
    fs::copy(other.file("2.age"), world.file("2.age")).unwrap();
    assert_eq!(world.open(two), Err("KF0943"));
    let stranger = World::new();
    stranger.keep(9, &capsule("2", &["canary-kept"]));
    fs::copy(stranger.file("2.age"), world.file("2.age")).unwrap();
    assert_eq!(world.open(two), Err("KF0942"));

    // A damaged note is told, and the others are there all the same.
    let told = || {
        let (notes, damaged) = now(world.capsules().notes()).unwrap();
        let codes: Vec<_> = damaged.iter().map(|why| why.code.id).collect();
        (notes.len(), codes)
    };
    for text in ["", "{", "{}", "null", "{\"version\":1,\"at\":\"\",\"command\":\"\",\"values\":[\"\"]}"] {
        fs::write(world.file("2.json"), text).unwrap();
        assert_eq!(told(), (1, vec!["KF0941"]), "{text}");
    }
    fs::remove_file(world.file("2.json")).unwrap();
    fs::create_dir(world.file("2.json")).unwrap();
    assert_eq!(told(), (1, vec!["KF0941"]));
}

#[test]
fn what_a_later_version_sealed_is_refused_by_name() {
    let world = World::new();
    world.keep(9, &capsule("1", &["canary-kept"]));
    let note = world.notes().remove(0);
    let text = r#"{"version":2,"keyform":"99.1.0","unheard":"of"}"#;
    let mark = world.key.fingerprint("keyform undo 1", text.as_bytes()).to_hex();
    let sealed = seal::seal(&[world.identity.recipient()], format!("{mark}\n{text}").as_bytes()).unwrap();
    fs::write(world.file("1.age"), sealed).unwrap();
    let opened = now(world.capsules().open(&note, std::slice::from_ref(&world.identity), &world.key));
    let why = opened.unwrap_err();
    assert_eq!((why.code.id, why.help.as_deref()), ("KF1280", Some("use keyform 99.1.0, or a later one")));
}

#[test]
fn a_run_that_was_undone_says_so() {
    let world = World::new();
    world.keep(9, &capsule("1", &["canary-kept"]));
    let note = world.notes().remove(0);
    now(world.capsules().undone(&world.lock, &note, "2026-01-02T03:04:06Z")).unwrap();
    let undone = world.notes().remove(0);
    assert_eq!(undone.undone.as_deref(), Some("2026-01-02T03:04:06Z"));
    // The capsule is the same, and can be opened again.
    assert_eq!(world.open(&undone), Ok(1));
}
