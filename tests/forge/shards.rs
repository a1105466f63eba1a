//! One comment on what several shards have planned: the same one, whichever of them are there.

use crate::forge::Stand;
use crate::forge::creates;
use crate::forge::fakes::KINDS;
use crate::forge::fakes::Kind;
use keyform::plan::Plan;
use keyform::view::json;
use keyform::view::text::Cost;

/// What a shard has planned, in a file.
fn write(stand: &Stand, shard: &str, plan: &Plan) -> String {
    let sources = keyform::diag::source::Sources::new();
    let document = json::plan::document(plan, Cost::default(), Vec::new(), &sources);
    let stamp = json::shards::Shard {
        shard: shard.to_owned(),
        configuration: "c".to_owned(),
        at: "2026-11-22T08:00:00Z".to_owned(),
        planned: None,
    };
    let name = format!("{}.json", shard.replace('/', "-"));
    std::fs::write(stand.dir.path().join(&name), json::pretty(&document.of(&[stamp]))).unwrap();
    name
}

#[tokio::test]
async fn all_shards_have_one_comment() {
    for kind in KINDS {
        let stand = Stand::new(kind).await;
        let files =
            [("1/3", "A"), ("2/3", "B"), ("3/3", "C")].map(|(shard, key)| write(&stand, shard, &creates(&[key])));
        let files = files.each_ref().map(String::as_str);
        let ended = stand.post(1, &files, &["--status"]).await;
        assert_eq!((ended.code, ended.err.contains("KF")), (0, false), "{kind:?}: {}", ended.err);
        let first = stand.ours();
        assert!(first.len() == 1 && first[0].contains("Nothing is lost: 3 to create."), "{kind:?}: {first:?}");
        for shard in ["1/3", "2/3", "3/3"] {
            assert!(first[0].contains(&format!("keyform apply --shard {shard} --checksum ")), "{kind:?}: {}", first[0]);
        }
        // The files may come in any order; nothing is new.
        let before = stand.fake().writes.len();
        stand.post(2, &[files[2], files[0], files[1]], &[]).await;
        assert_eq!((stand.ours(), stand.fake().writes.len()), (first, before), "{kind:?}");

        // The job of one died: the same comment says so before everything else, and the commit is not well.
        let ended = stand.post(3, &[files[0], files[2]], &["--status", "--label"]).await;
        assert_eq!(ended.code, 0, "{kind:?}: {}", ended.err);
        assert!(ended.err.contains("Incomplete: Nothing is known of shard 2/3."), "{kind:?}: {}", ended.err);
        let second = stand.ours();
        let heading = second[0].lines().find(|line| line.starts_with("### ")).unwrap();
        assert!(heading.contains("INCOMPLETE") && heading.contains("2/3"), "{kind:?}: {heading}");
        assert!(second.len() == 1 && !second[0].contains("To apply"), "{kind:?}: {}", second[0]);
        let (_, mark) = stand.fake().marks.last().unwrap().clone();
        assert!(mark["state"].as_str().unwrap().to_lowercase().starts_with("fail"), "{kind:?}: {mark}");
        let labels = stand.fake().labels.clone();
        assert!(kind == Kind::Bitbucket || labels.contains(&"keyform:failed".to_owned()), "{labels:?}");

        // What does not belong together is not commented on.
        let other = write(&stand, "1/4", &creates(&["D"]));
        let ended = stand.post(4, &[files[0], &other], &[]).await;
        assert!(ended.code == 1 && ended.err.contains("KF1292"), "{kind:?}: {}", ended.err);
        assert_eq!(stand.ours(), second, "{kind:?}");
        stand.well();
    }
}
