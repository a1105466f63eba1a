//! The matrix says of each destination what it is tried against here, and whether its values come back.

use crate::laws::REGISTRY;
use crate::laws::stand::Stand;
use keyform::provider::matrix;
use keyform::provider::matrix::Evidence;
use keyform::provider::matrix::Readable;

pub async fn law(stand: &Stand) {
    let evidence = match &stand.front {
        None => Evidence::Itself,
        Some(front) if front.is_service() => Evidence::Service,
        Some(front) if front.is_checked() => Evidence::Description,
        Some(_) => Evidence::Documentation,
    };
    let rows = matrix::rows(&REGISTRY);
    let selector = REGISTRY.schemas().destinations[&stand.spec.slug].selector.clone();
    let variant = selector.and_then(|selector| stand.spec.destination.get(&selector)?.as_str().map(str::to_owned));
    let row = rows
        .iter()
        .find(|row| row.destination.slug == stand.spec.slug && *row.name == *variant.as_deref().unwrap_or_default())
        .unwrap();
    assert_eq!(row.evidence, evidence);
    let readable = if stand.facts.readable { Readable::Yes } else { Readable::No };
    assert!(row.readable == readable || row.readable == Readable::Depends, "{:?}", row.readable);
}
