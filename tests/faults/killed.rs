//! Killed at every line of the journal and at every write of a move, and journals that end anywhere: the run after
//! goes on.

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::faults::Fault;
use crate::faults::Front;
use crate::faults::stand::FIRST;
use crate::faults::stand::Stand;
use crate::scenarios::PROGRAM;
use futures_util::StreamExt;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Applies for the first time; the kernel kills it when a file, first of all the journal, would get larger than
/// `bytes`: what fits is still written, so that the last line is torn. Gives whether it was killed.
async fn killed_at(bytes: usize) -> bool {
    let stand = Stand::new().await;
    let mut command = stand.command("prlimit");
    command.arg(format!("--fsize={bytes}")).args(["--core=0", "--", PROGRAM, "apply", "--auto-approve"]);
    let status = command.status().await.unwrap_or_else(|e| panic!("prlimit (util-linux) is needed: {e}"));
    stand.mends(&format!("killed at byte {bytes} of the journal"), FIRST).await;
    stand.end().await;
    status.code().is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_line_of_the_journal_the_next_run_goes_on() {
    let stand = Stand::new().await;
    assert_eq!(stand.apply().await.code, 0);
    let journal = stand.world.read(".keyform/journal.jsonl");
    stand.end().await;
    let mut ends = vec![0];
    for line in journal.split_inclusive('\n') {
        ends.push(ends[ends.len() - 1] + line.len());
    }
    assert!(ends.len() > 8, "only {} lines", ends.len());
    let middles = ends.windows(2).map(|pair| usize::midpoint(pair[0], pair[1]));
    let killed: Vec<bool> = futures_util::stream::iter(middles).map(killed_at).buffered(8).collect().await;
    assert!(killed.iter().all(|killed| *killed), "{killed:?}");
}

/// Everything was written, and the machine remembers only the beginning of the journal.
async fn cut_at(line: usize, torn: bool) -> usize {
    let stand = Stand::new().await;
    assert_eq!(stand.apply().await.code, 0);
    let name = ".keyform/journal.jsonl";
    let journal = stand.world.read(name);
    let all: Vec<&str> = journal.split_inclusive('\n').collect();
    let mut kept = all[..line.min(all.len())].concat();
    if let (true, Some(next)) = (torn, all.get(line)) {
        kept.push_str(&next[..next.len() / 2]);
    }
    stand.world.write(name, &kept);
    let count = all.len();
    // What is recorded nowhere, nor intended, is not known to be keyform's: that has to be said.
    stand.mends_with(&format!("the journal ends at line {line} (torn: {torn})"), FIRST, &["--adopt"]).await;
    stand.end().await;
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_ends_anywhere_is_gone_on_from() {
    let all = cut_at(0, false).await;
    let cuts = (0..all).flat_map(|line| [(line, false), (line, true)]).skip(1);
    let counts: Vec<usize> =
        futures_util::stream::iter(cuts).map(|(line, torn)| cut_at(line, torn)).buffered(8).collect().await;
    assert!(counts.len() > 16, "only {} cuts", counts.len());
}

/// Something that moves.
struct Move {
    name: &'static str,
    /// What is declared afterwards in the place of what, one after the other.
    edits: &'static [(&'static str, &'static str)],
    /// How many things are made again.
    replaced: &'static str,
    /// Environment, folder and key of the secret afterwards.
    there: (&'static str, &'static str, &'static str),
}

const MOVES: &[Move] = &[
    Move {
        name: "a folder for another one",
        edits: &[("\"/api\"", "\"/svc\"")],
        replaced: "replace=2",
        there: ("dev", "/svc", "A"),
    },
    Move {
        name: "a folder",
        edits: &[
            ("\"/api\"", "\"/svc\""),
            (
                "app_connection \"local\"",
                "moved {\n  from = project.bakery.folder[\"/api\"]\n  to   = project.bakery.folder[\"/svc\"]\n}\n\
                 app_connection \"local\"",
            ),
        ],
        replaced: "replace=3",
        there: ("dev", "/svc", "A"),
    },
    Move {
        name: "an environment",
        edits: &[
            ("environment \"dev\" {}", "environment \"dev\" {\n slug = \"develop\"\n}"),
            ("= \"dev\"", "= \"develop\""),
        ],
        replaced: "replace=0",
        there: ("develop", "/api", "A"),
    },
    Move {
        name: "a secret",
        edits: &[("secret \"A\" {", "secret \"A\" {\n key = \"C\"")],
        replaced: "replace=1",
        there: ("dev", "/api", "C"),
    },
];

/// Moves what holds a random value, and kills the program when the backend has done the n-th write of it and nobody was
/// told. Gives whether there was such a write.
async fn killed_in_move(one: &Move, write: usize) -> bool {
    let Move { name, edits, replaced, there: (environment, path, key) } = one;
    let front = Front::start().await;
    let before = format!("{PROJECT}{SYNC}").replace("secret_file(\"a\")", "secret_random({ length = 24 })");
    let world = front.world(&before);
    world.converge().await;
    let made = world.held("dev", "/api").await["A"].clone();
    let after = edits.iter().fold(before, |text, (from, to)| text.replace(from, to));
    world.write("main.hcl", &format!("{}{after}", front.block()));
    let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
    front.faults(move |method, path, number| {
        if method == "GET" || path.ends_with("/login") || number < write {
            return Fault::None;
        }
        let _ = reached.send(());
        Fault::Silence
    });
    let mut command = Command::new(PROGRAM);
    command.args(["apply", "--auto-approve", "--allow", replaced]).current_dir(world.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let is_reached = tokio::select! {
        _ = wait.recv() => true,
        ended = child.wait() => { ended.unwrap(); false }
    };
    // What the backend was asked for is done before the program dies.
    tokio::time::sleep(Duration::from_millis(200)).await;
    child.kill().await.unwrap();
    front.faults(|_, _, _| Fault::None);
    let mut places = vec![world.held("dev", "/api").await];
    places.push(world.held(environment, path).await);
    let is_there = places.iter().any(|secrets| secrets.values().any(|value| *value == made));
    assert!(is_there, "{name}, write {write}: the value is nowhere");
    world.converge().await;
    assert_eq!(world.held(environment, path).await.get(*key), Some(&made), "{name}, write {write}");
    assert!(world.read("out/dev.env").contains(&format!("{key}={made}\n")), "{name}, write {write}");
    front.server.shutdown().await;
    is_reached
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_something_moves_nothing_is_lost() {
    let cases = MOVES.iter().flat_map(|one| (1..=12).map(move |write| (one, write)));
    let each = cases.map(|(one, write)| async move { (one.name, killed_in_move(one, write).await) });
    let reached: Vec<(&str, bool)> = futures_util::stream::iter(each).buffered(8).collect().await;
    for Move { name, .. } in MOVES {
        let count = reached.iter().filter(|(moved, reached)| moved == name && *reached).count();
        assert!((1..12).contains(&count), "{name}: {count} writes were reached");
    }
}
