//! Applied twice is applied once: the second run writes nothing and changes nothing.

use crate::laws::Wanted;
use crate::laws::Written;
use crate::laws::canary;
use crate::laws::converge;
use crate::laws::destination;
use crate::laws::key;
use crate::laws::stand::Stand;

pub async fn law(stand: &Stand) {
    let destination = destination(stand);
    let wanted: Wanted = (0..5).map(|n| (key(n), Some(canary(n)))).collect();
    let mut written = Written::new();
    assert_eq!(converge(&destination, &wanted, &mut written).await, (5, true));
    let once = stand.ground.everything().await;
    assert_eq!(converge(&destination, &wanted, &mut written).await, (0, true));
    assert_eq!(stand.ground.everything().await, once);
}
