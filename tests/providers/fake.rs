//! What the laws want of a vendor's fake besides its answers: to look into it, and to put things there past
//! keyform. A fake that does this needs a few lines in `laws::stand` and nothing else.

use crate::providers::front::Answer;
use crate::providers::front::Call;

/// A vendor that is played.
pub trait Fake: Send {
    /// What it answers.
    fn answer(&mut self, call: &Call) -> Answer;

    /// Every record that it holds, other people's included.
    fn records(&self) -> Vec<Record>;

    /// Puts an entry at a place, as somebody else would by hand.
    fn plant(&mut self, place: &str, key: &str, value: &str);

    /// Puts records of others there: at the place under keys, or of kinds, that are nobody's but theirs, and
    /// beside it under `keys` too.
    fn plant_neighbours(&mut self, place: &str, keys: &[&str]);

    /// Takes away every entry of a place.
    fn clear(&mut self, place: &str);
}

/// One record of a fake.
pub struct Record {
    /// Where it is. What can't be an entry of a destination is at a place of its own.
    pub place: String,
    pub key: String,
    pub value: String,
    /// Whatever else it is made of, as a text: that it changed is all that is asked of it.
    pub more: String,
}

impl Record {
    /// A record of nothing but a value.
    pub fn new(place: &str, key: &str, value: &str) -> Self {
        Self { place: place.into(), key: key.into(), value: value.into(), more: String::new() }
    }
}
