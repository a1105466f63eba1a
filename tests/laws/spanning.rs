//! Laws of Vercel alone: a record that serves several environments is taken apart, not taken over:
//! whatever is written for one environment, the others keep what they had. And a listing that hides
//! records says that it is incomplete.

use crate::laws::canary;
use crate::laws::delete;
use crate::laws::destination;
use crate::laws::done;
use crate::laws::hold;
use crate::laws::key;
use crate::laws::stand;
use crate::laws::stand::Ground;
use crate::laws::stand::Stand;
use crate::laws::update;
use crate::providers::vercel;
use crate::providers::vercel::Record;
use crate::providers::vercel::STAGING;

#[test]
fn a_record_of_several_environments_is_taken_apart() {
    hold(stand::vercel_project, law);
    hold(stand::vercel_custom, law);
}

#[test]
fn a_shared_record_of_several_environments_is_left_alone() {
    hold(stand::vercel_team, async |stand: &Stand| {
        let Ground::Rest(stand::Rest::Vercel(fake, ..)) = &stand.ground else { panic!("it is Vercel's") };
        fake.lock().unwrap().plant_shared(Record::new(&key(1), "theirs", &["production", "preview"]));
        let before = vercel::effective(&fake.lock().unwrap().team);
        let destination = destination(stand);
        let seen = destination.read().await.unwrap();
        // Its targets are not those of the sync: it is not the sync's record, and in its way.
        let outcome = destination.write(&seen, &[crate::laws::create(&key(1), &canary(1))]).await.remove(0);
        if outcome.result.is_err() {
            assert_eq!(vercel::effective(&fake.lock().unwrap().team), before);
        } else {
            let after = vercel::effective(&fake.lock().unwrap().team);
            assert_eq!(after[&format!("production {}", key(1))], canary(1));
            assert_eq!(after[&format!("preview {}", key(1))], "theirs");
        }
    });
}

#[test]
fn a_listing_that_hides_records_is_incomplete() {
    hold(stand::vercel_project, async |stand: &Stand| {
        let Ground::Rest(stand::Rest::Vercel(fake, ..)) = &stand.ground else { panic!("it is Vercel's") };
        fake.lock().unwrap().hidden = 1;
        let seen = destination(stand).read().await;
        assert!(seen.is_err() || seen.unwrap().partial.is_some());
    });
}

async fn law(stand: &Stand) {
    let Ground::Rest(stand::Rest::Vercel(fake, ..)) = &stand.ground else { panic!("it is Vercel's") };
    for n in [1, 2] {
        let custom = vec![STAGING.to_owned()];
        let record = Record { custom, ..Record::new(&key(n), "theirs", &["production", "preview"]) };
        fake.lock().unwrap().plant(record);
    }
    let destination = destination(stand);
    let seen = destination.read().await.unwrap();
    assert_eq!(seen.entries.len(), 2);
    done(destination.write(&seen, &[update(&key(1), &canary(1)), delete(&key(2))]).await);
    let holds = stand.ground.holds().await;
    assert_eq!(holds.get(&key(1)), Some(&canary(1)));
    assert_eq!(holds.get(&key(2)), None);
    let all = vercel::effective(&fake.lock().unwrap().project);
    for n in [1, 2] {
        let others = all.iter().filter(|(name, value)| name.ends_with(&key(n)) && **value == "theirs").count();
        assert_eq!(others, 2, "{all:?}");
    }
}
