//! References between secrets: `${KEY}` in a value stands for the value of that secret in the same
//! folder, `${environment.folder.KEY}` for one elsewhere in the project.
//!
//! Lives here: finding them, and replacing them over a lookup that the caller gives; pure. Infisical's
//! rules (observed, October 2024): white space inside the braces is ignored; what is unknown stays as
//! it is written; so does the reference that closes a cycle, whatever its length; there is no escape.

use crate::secret::Secret;

/// Where a secret is: an environment's slug and an absolute path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The environment's slug.
    pub environment: String,
    /// The folder: `/`, `/api/v1`.
    pub path: String,
}

/// A reference: which key, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The folder that the key is in.
    pub place: Place,
    /// The key.
    pub key: String,
}

/// Whether a value refers to secrets, as far as its looks tell: those it names need not be there yet.
#[must_use]
pub fn refers(value: &Secret) -> bool {
    pieces(value.expose()).any(|piece| piece.inside.is_some())
}

/// All references of a value that stands at `place`, in the order in which they are written.
#[must_use]
pub fn find(value: &str, place: &Place) -> Vec<Reference> {
    pieces(value).filter_map(|piece| piece.inside.and_then(|inside| parse(inside, place))).collect()
}

/// The value of `origin` with its references replaced, and those of what they stand for, each seen from
/// its own folder. `lookup` gives the raw value of a secret that exists.
pub fn expand(value: &Secret, origin: &Reference, lookup: &mut dyn FnMut(&Reference) -> Option<Secret>) -> Secret {
    if !value.expose().contains("${") {
        return value.clone();
    }
    let mut expansion = Expansion { open: vec![origin.clone()], left: MOST, lookup };
    Secret::new(expansion.replace(value.expose()))
}

/// A value of which nothing is left but its references to secrets that are there: what is between them becomes
/// what `mask` gives. An empty value stays empty.
pub fn masked(
    value: &Secret,
    at: &Place,
    is_there: &dyn Fn(&Reference) -> bool,
    mask: &mut dyn FnMut() -> String,
) -> Secret {
    let mut out = String::new();
    let mut is_masked = false;
    for piece in pieces(value.expose()) {
        // What looks like a reference and is none is part of the value.
        let is_reference =
            piece.inside.and_then(|inside| parse(inside, at)).is_some_and(|reference| is_there(&reference));
        if is_reference {
            out.push_str(piece.text);
        } else if !is_masked {
            out.push_str(&mask());
        }
        is_masked = !is_reference;
    }
    Secret::new(out)
}

/// Most references that one value may stand for, directly or not: a few dozen secrets that each name
/// another one twice would otherwise never end.
const MOST: usize = 10_000;

struct Expansion<'a> {
    /// The secrets whose values are being expanded, the innermost last; never empty.
    open: Vec<Reference>,
    /// How many references may still be replaced.
    left: usize,
    lookup: &'a mut dyn FnMut(&Reference) -> Option<Secret>,
}

impl Expansion<'_> {
    fn replace(&mut self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        for piece in pieces(value) {
            match piece.inside.and_then(|inside| self.resolve(inside)) {
                Some((reference, found)) => {
                    self.open.push(reference);
                    out.push_str(&self.replace(found.expose()));
                    self.open.pop();
                }
                None => out.push_str(piece.text),
            }
        }
        out
    }

    fn resolve(&mut self, inside: &str) -> Option<(Reference, Secret)> {
        let reference = parse(inside, &self.open.last()?.place)?;
        if self.left == 0 || self.open.contains(&reference) {
            return None;
        }
        self.left -= 1;
        let found = (self.lookup)(&reference)?;
        Some((reference, found))
    }
}

/// A stretch of a value: plain text, or a reference with its braces.
struct Piece<'a> {
    text: &'a str,
    inside: Option<&'a str>,
}

/// Cuts a value into plain stretches and `${…}`.
fn pieces(value: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = value;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (text, inside) = match rest.find("${") {
            Some(0) => match rest.find('}') {
                Some(end) => (&rest[..=end], Some(&rest[2..end])),
                None => (rest, None),
            },
            Some(start) => (&rest[..start], None),
            None => (rest, None),
        };
        rest = &rest[text.len()..];
        Some(Piece { text, inside })
    })
}

/// `KEY` or `environment.folder.….KEY`.
fn parse(inside: &str, place: &Place) -> Option<Reference> {
    let inside = inside.trim();
    let mut segments: Vec<&str> = inside.split('.').collect();
    let key = segments.pop().filter(|key| !key.is_empty())?;
    let place = match segments.split_first() {
        None => place.clone(),
        Some((environment, folders)) => {
            Place { environment: (*environment).to_owned(), path: format!("/{}", folders.join("/")) }
        }
    };
    Some(Reference { place, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &str) {
        let at = |environment: &str, path: &str, key: &str| Reference {
            place: Place { environment: environment.into(), path: path.into() },
            key: key.into(),
        };
        let stored = [
            (at("dev", "/", "A"), "alpha"),
            (at("dev", "/", "B"), "${A}!"),
            (at("dev", "/", "C1"), "${C2}"),
            (at("dev", "/", "C2"), "${C1}"),
            (at("prod", "/api/v1", "K"), "<${L}>"),
            (at("prod", "/api/v1", "L"), "deep"),
            (at("dev", "/", "SELF"), "${SELF}"),
        ];
        let mut lookup = |r: &Reference| stored.iter().find(|(s, _)| s == r).map(|(_, v)| Secret::new((*v).into()));
        let got = expand(&Secret::new(value.into()), &at("dev", "/", "SELF"), &mut lookup);
        assert_eq!(got.expose(), expected, "{value}");
    }

    #[test]
    fn references_are_replaced_and_what_is_unknown_stays() {
        check("plain", "plain");
        check("pre-${A}-${ B }-post", "pre-alpha-alpha!-post");
        check("${prod.api.v1.K}", "<deep>");
        check("$${A}", "$alpha");
        check("${NO_SUCH} ${} ${dev.} ${open", "${NO_SUCH} ${} ${dev.} ${open");
        check("${SELF}", "${SELF}");
        check("${C1}", "${C1}");
    }
}
