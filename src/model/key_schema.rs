//! Key schemas: how the key of a secret is written at a destination, and the way back.
//!
//! A schema is a text with `{{secretKey}}` once and `{{environment}}` any number of times. With the
//! environment filled in, it is a prefix and a suffix; so it is a function with an inverse:
//! `strip(apply(k)) = k` for every key.

use std::sync::Arc;

/// The placeholder for the key.
pub const SECRET_KEY: &str = "{{secretKey}}";
/// The placeholder for the environment's slug.
pub const ENVIRONMENT: &str = "{{environment}}";

/// A key schema with the environment filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct KeySchema {
    prefix: Arc<str>,
    suffix: Arc<str>,
}

impl KeySchema {
    /// A template with the environment's slug filled in. `None` if `{{secretKey}}` is not there exactly
    /// once.
    #[must_use]
    pub fn new(template: &str, environment: &str) -> Option<Self> {
        let (prefix, suffix) = template.split_once(SECRET_KEY)?;
        if suffix.contains(SECRET_KEY) {
            return None;
        }
        let fill = |part: &str| part.replace(ENVIRONMENT, environment).into();
        Some(Self { prefix: fill(prefix), suffix: fill(suffix) })
    }

    /// The schema that changes nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether it changes nothing: then every key at a destination counts as managed.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.prefix.is_empty() && self.suffix.is_empty()
    }

    /// What stands before the key.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What stands after the key.
    #[must_use]
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// The key at the destination.
    #[must_use]
    pub fn apply(&self, key: &str) -> String {
        format!("{}{key}{}", self.prefix, self.suffix)
    }

    /// The key of the secret, if the destination's key is of this schema.
    #[must_use]
    pub fn strip<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&*self.prefix)?.strip_suffix(&*self.suffix)
    }

    /// Whether a backend counts the destination's key as its own and deletes it when the source lacks it
    /// (Infisical: a middle with a slash is another path's key when the schema itself has slashes).
    #[must_use]
    pub fn manages(&self, key: &str) -> bool {
        self.strip(key).is_some_and(|middle| {
            self.is_none() || !(middle.contains('/') && (self.prefix.contains('/') || self.suffix.contains('/')))
        })
    }

    /// Whether a key of `other` can be one that this schema [manages](KeySchema::manages). Keys of
    /// secrets hold no `/`.
    #[must_use]
    pub fn can_manage(&self, other: &KeySchema) -> bool {
        if self.is_none() {
            return true;
        }
        if self.prefix.contains('/') || self.suffix.contains('/') {
            // No slash may be in the middle then, just as in a secret's key.
            return self.shares(other, true);
        }
        comparable(&self.prefix, &other.prefix, |long, short| long.starts_with(short))
            && comparable(&self.suffix, &other.suffix, |long, short| long.ends_with(short))
    }

    /// Whether the two can name one key, for secrets whose keys hold no `/` and are not empty. Exact: what
    /// both can name is decided piece by piece between the slashes.
    #[must_use]
    pub fn meets(&self, other: &KeySchema) -> bool {
        self.shares(other, false)
    }

    /// The same, piece by piece. `empty` says whether this schema also takes what leaves no key between its
    /// prefix and suffix: a backend counts that as managed, though no secret has such a key.
    fn shares(&self, other: &KeySchema, empty: bool) -> bool {
        let (a, b) = (self.pieces(), other.pieces());
        let fits = |text: &str, before: &str, after: &str, least: usize| {
            text.len() >= before.len() + after.len() + least && text.starts_with(before) && text.ends_with(after)
        };
        a.len() == b.len()
            && a.iter().zip(&b).all(|(one, two)| match (one, two) {
                (Piece::Fixed(x), Piece::Fixed(y)) => x == y,
                (Piece::Fixed(text), Piece::Free(before, after)) => fits(text, before, after, 1),
                (Piece::Free(before, after), Piece::Fixed(text)) => fits(text, before, after, usize::from(!empty)),
                (Piece::Free(p1, s1), Piece::Free(p2, s2)) => {
                    comparable(p1, p2, |long, short| long.starts_with(short))
                        && comparable(s1, s2, |long, short| long.ends_with(short))
                }
            })
    }

    /// The schema cut at its slashes; the one piece with the key in it is free.
    fn pieces(&self) -> Vec<Piece<'_>> {
        let (head, before) =
            self.prefix.rsplit_once('/').map_or((None, &*self.prefix), |(head, tail)| (Some(head), tail));
        let (after, tail) =
            self.suffix.split_once('/').map_or((&*self.suffix, None), |(head, tail)| (head, Some(tail)));
        let mut pieces: Vec<Piece<'_>> = head.into_iter().flat_map(|head| head.split('/')).map(Piece::Fixed).collect();
        pieces.push(Piece::Free(before, after));
        pieces.extend(tail.into_iter().flat_map(|tail| tail.split('/')).map(Piece::Fixed));
        pieces
    }
}

/// A part of a schema between slashes.
enum Piece<'a> {
    /// This text.
    Fixed(&'a str),
    /// Any key between these two.
    Free(&'a str, &'a str),
}

/// Whether one of the two begins (or ends) with the other.
fn comparable(a: &str, b: &str, holds: impl Fn(&str, &str) -> bool) -> bool {
    holds(a, b) || holds(b, a)
}
