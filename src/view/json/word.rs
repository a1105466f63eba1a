//! Actions, reasons and hazards as the words that stand for them in documents.

use crate::plan::Action;
use crate::plan::HazardKind;
use crate::plan::Reason;

macro_rules! words {
    ($($module:ident $kind:ident;)*) => {$(
        pub(super) mod $module {
            use serde::Deserialize;
            use serde::Deserializer;
            use serde::Serializer;
            use serde::de::Error;

            pub(in crate::view::json) fn serialize<S: Serializer>(value: &super::$kind, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(value.word())
            }

            pub(in crate::view::json) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<super::$kind, D::Error> {
                let word = String::deserialize(from)?;
                super::$kind::from_word(&word).ok_or_else(|| D::Error::custom("no such word"))
            }
        }
    )*};
}

words! {
    action Action;
    reason Reason;
    hazard HazardKind;
}
