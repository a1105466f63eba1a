//! Forms of blocks that bring in what is declared or made elsewhere.

use crate::config::blocks::Attribute;
use crate::config::blocks::Form;
use crate::config::blocks::Open;
use crate::config::blocks::PLAIN;
use crate::config::blocks::Ty;
use crate::config::blocks::opt;
use crate::config::blocks::req;
use crate::model::address::DATA;
use crate::model::resource::Kind;

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

const EACH: Attribute = opt("for_each", Ty::Each, "One lookup for each element of a set of texts or a map.");

/// What can be looked up, and by what.
pub static DATA_KINDS: &[(Kind, &Form)] = &[
    (
        Kind::Project,
        &Form {
            word: DATA,
            labels: &["kind", "name"],
            attrs: &[EACH, opt("slug", Ty::String, "Its slug; the label by default.")],
            doc: "A project that exists.",
            ..PLAIN
        },
    ),
    (
        Kind::AppConnection,
        &Form {
            word: DATA,
            labels: &["kind", "name"],
            attrs: &[
                EACH,
                req("app", Ty::String, "Its app."),
                opt("name", Ty::String, "Its name; by default the label with dashes for underscores."),
                opt("project", Ty::Ref(Kind::Project), "The project that it belongs to, if it does."),
            ],
            doc: "A connection that exists, such as one that was made in a browser.",
            ..PLAIN
        },
    ),
    (
        Kind::Identity,
        &Form {
            word: DATA,
            labels: &["kind", "name"],
            attrs: &[EACH, opt("name", Ty::String, "Its name; the label by default.")],
            doc: "A machine identity that exists.",
            ..PLAIN
        },
    ),
    (
        Kind::SecretSync,
        &Form {
            word: DATA,
            labels: &["kind", "name"],
            attrs: &[
                EACH,
                req("project", Ty::Ref(Kind::Project), "The project that it belongs to."),
                opt("name", Ty::String, "Its name; by default the label with dashes for underscores."),
            ],
            doc: "A sync that exists, and that others manage.",
            ..PLAIN
        },
    ),
];

pub(super) static DATA_FORM: Form = Form {
    word: DATA,
    labels: &["kind", "name"],
    doc: "Something that exists and is only looked up: never made, changed or deleted.",
    ..PLAIN
};
