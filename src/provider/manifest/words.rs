//! The vocabulary of manifests. The loader takes its words from here and the reference page is made
//! from here; a test counts them.

/// A word with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub name: &'static str,
    /// What for: the row of the table in `docs/providers.md`.
    pub group: &'static str,
    /// What it means, in one sentence.
    pub doc: &'static str,
}

macro_rules! words {
    ($($group:literal { $($name:literal $doc:literal)* })*) => {
        /// All words.
        pub static WORDS: &[Word] = &[$($(Word { name: $name, group: $group, doc: $doc }),*),*];
    };
}

words! {
    "identity" {
        "provider" "The app; its slug is the label. Small ones can share a file."
        "title" "The vendor's own name."
        "docs" "The vendor's documentation."
        "verified" "When the facts were last checked against it, YYYY-MM-DD."
        "signer" "How requests are signed where headers do not do: `aws`, `chef`, `gcp`, `oci`."
    }
    "inputs" {
        "connection" "One way to connect; each attribute that is no word is an input."
        "destination" "A kind of place for entries; its attributes that are no words are inputs."
        "selector" "The input whose value picks the variant."
        "variant" "One shape of a destination: inputs of its own, and whatever it changes."
        "options" "Inputs of the sync's options; of a connection, those that are no credentials."
        "browser_only" "The connection can only be made in the vendor's page, so it can be looked up, never declared."
    }
    "rules" {
        "key" "What keys are taken: `matches`, `reserved`, `case`, `replace`, `max_length`, `container` (the key schema names the one container, not the keys in it)."
        "value" "What values are taken (`max_bytes`, `max_length`, `empty`); in `read`, `lookup` and `login` the part of the answer that is wanted, in `verify` until when the credentials are good, null if that is not said."
        "limits" "How much it bears: `entries`, `rate` (requests a minute), `concurrency`."
        "readable" "Whether values come back."
        "privileges" "What credentials need at least, in the vendor's own words: `needed`, and where (`source`) and when (`verified`, YYYY-MM-DD) that was read."
        "import" "Whether a backend can import from it."
    }
    "talking" {
        "base_url" "Where requests go; of one request, where it goes instead."
        "root" "What stands before the path of every request of a variant."
        "headers" "An object; what is null is left out."
        "request" "Method and path: `GET /things/${key}`; every interpolation is percent-encoded."
        "query" "An object; what is null is left out, a list repeats its name."
        "json" "A JSON body."
        "form" "A form body."
    }
    "reading" {
        "login" "A request made once; what it answers is `login`. Without a `verify` it tells good credentials from bad ones, too."
        "verify" "A request that tells good credentials from bad ones."
        "lookup" "A request made once a run, when something first uses its result; `lookup.<label>` is what it answers."
        "list" "The request that lists entries."
        "items" "Entries of an answer: objects with `key` and optionally `value`, `id`, `digest`, `version`, `raw`."
        "next" "What leads to the next page: a cursor if the block uses `cursor`, else an address; null at the end."
        "document" "What is kept of a listing as a whole, for writes."
        "read" "The request that reads the value of one entry, or with `max` of several."
    }
    "writing" {
        "create" "Makes an entry that is not there."
        "update" "Changes one that is there."
        "upsert" "Does both; with `max` and without a `delete` that as well, with null as value."
        "delete" "Takes one away; one that is not there is no error."
        "replace" "Writes all entries at once."
        "max" "How many entries one request takes; it then sees `entries` instead of `key` and `value`."
        "version" "The entry's version after a write."
    }
    "bending" {
        "step" "One of several requests, in order; `response` is the one before."
        "when" "Whether a step, a recovery, a per-key read or what comes after is done."
        "recover" "What is done instead when an answer is an error that is known."
        "after" "A request made once after all writes."
        "errors" "`message`: where the service's own words are; `when`: answers that are errors although their status is not; `refused`: errors that mean the credentials."
        "retry" "Which answers ask for another try although their status does not say so; in a request, those that come too early."
    }
}

/// The words of one operation that hold an expression, besides `request`.
pub const OPERATION_EXPRS: [&str; 12] =
    ["base_url", "query", "headers", "json", "form", "when", "items", "next", "document", "value", "version", "retry"];

#[cfg(test)]
mod tests {
    use super::WORDS;

    #[test]
    fn the_budget_holds() {
        assert!(WORDS.len() <= 45, "{} words; see docs/providers.md", WORDS.len());
    }
}
