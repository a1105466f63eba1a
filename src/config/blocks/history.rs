//! Forms of blocks about what was: what is declared under another address now, or no longer.

use crate::config::blocks::Count;
use crate::config::blocks::Form;
use crate::config::blocks::PLAIN;
use crate::config::blocks::Ty;
use crate::config::blocks::opt;
use crate::config::blocks::req;

pub(super) static MOVED: Form = Form {
    word: "moved",
    attrs: &[
        req("from", Ty::Address, "The address until now; what is nested in it moves along."),
        req("to", Ty::Address, "The address under which it is declared now."),
    ],
    doc: "Says that a resource got another name or place in the configuration, so that it is kept and not made anew.",
    ..PLAIN
};

pub(super) static REMOVED: Form = Form {
    word: "removed",
    attrs: &[req("from", Ty::Address, "The address until now; what is nested in it is meant as well.")],
    blocks: &[&Form {
        word: "lifecycle",
        attrs: &[opt(
            "destroy",
            Ty::Bool,
            "Whether it is deleted. By default it stays as it is, and is managed no longer.",
        )],
        count: Count::One,
        doc: "What becomes of it.",
        ..PLAIN
    }],
    doc: "Says that a resource is declared no longer, and that it is to stay.",
    ..PLAIN
};
