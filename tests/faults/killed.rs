//! Killed at every line of the journal, and journals that end anywhere: the run after goes on.

use crate::faults::stand::FIRST;
use crate::faults::stand::Stand;
use crate::scenarios::PROGRAM;
use futures_util::StreamExt;

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
    let killed: Vec<bool> = futures_util::stream::iter(middles).map(killed_at).buffered(3).collect().await;
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
        futures_util::stream::iter(cuts).map(|(line, torn)| cut_at(line, torn)).buffered(4).collect().await;
    assert!(counts.len() > 16, "only {} cuts", counts.len());
}
