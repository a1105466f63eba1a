//! What users try against their own accounts holds here as well: it finds nothing wrong with a destination that keeps
//! the laws, and leaves everything as it was.

use crate::laws::canary;
use crate::laws::destination;
use crate::laws::stand::Stand;
use keyform::provider::trial::Law;
use keyform::provider::trial::Trial;
use std::collections::BTreeMap;
use std::time::Duration;

pub async fn law(stand: &Stand) {
    stand.ground.plant(&BTreeMap::from([("OWN".to_owned(), canary(1)), ("OTHER".to_owned(), canary(2))])).await;
    let destination = destination(stand);
    let before = stand.ground.holds().await;
    let trial = Trial::begin(&destination, "abcdef", Duration::from_secs(5)).await;
    let trial = trial.unwrap_or_else(|why| panic!("it can't begin: {why:#?}"));
    assert_eq!(trial.others(), 2);
    for law in Law::ALL {
        if let Err(why) = trial.hold(law).await {
            panic!("{}: {why:#?}", law.sentence());
        }
        let there = stand.ground.holds().await;
        let own = there.keys().filter(|key| trial.keys().iter().any(|own| *own.as_ref() == **key)).count();
        assert_eq!(own > 0, law != Law::Foreign, "{} of its keys are there after `{}`", own, law.word());
    }
    trial.clean().await.unwrap_or_else(|why| panic!("it is not cleaned: {why:#?}"));
    assert_eq!(stand.ground.holds().await, before);
}
