//! Forms of blocks that bring in what is declared or made elsewhere.

use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::PLAIN;
use crate::config::blocks::Ty;
use crate::config::blocks::opt;
use crate::config::blocks::req;

pub(super) static MODULE: Form = Form {
    word: "module",
    labels: &["name"],
    attrs: &[
        req("source", Ty::Path, "The directory of the module, relative to this file: `./modules/service`."),
        opt("for_each", Ty::Each, "One instance of the module for each element of a set of texts or a map."),
        opt("depends_on", Ty::Refs, "What must exist before anything in the module."),
    ],
    open: Open::Inputs,
    doc: "Declares what another directory declares, with values for its variables.",
    ..PLAIN
};

pub(super) static IMPORT: Form = Form {
    word: "import",
    attrs: &[
        req("to", Ty::Address, "The address of the resource that it is declared as."),
        req("id", Ty::String, "Its id on the backend; or its path there, such as `payments/prod/api/DB_URL`."),
        opt("for_each", Ty::Each, "One import for each element of a set of texts or a map."),
    ],
    doc: "Adopts something that exists as a resource that is declared.",
    ..PLAIN
};
