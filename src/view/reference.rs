//! Reference pages as Markdown: functions and diagnostics, made from the tables that the program works
//! with. Pages of apps are `provider::reference`'s, that of blocks is `config::reference`.

use crate::diag::codes;
use crate::lang::functions;
use std::fmt::Write;

/// The page of the functions of configurations.
#[must_use]
pub fn functions() -> String {
    let mut all: Vec<_> = functions::CORE.iter().chain(functions::OUTSIDE).collect();
    all.sort_by_key(|function| function.name);
    let mut out = String::from(
        "# Functions\n\nGenerated from the table that configurations are evaluated with. `?` marks a parameter that may be \
         left out, `...` one that may repeat.\n\n| function | |\n|---|---|\n",
    );
    for function in all {
        row(&mut out, &format!("{}({})", function.name, function.params), function.doc);
    }
    out
}

/// The page of all diagnostics, by their codes.
#[must_use]
pub fn diagnostics() -> String {
    let mut out = String::from(
        "# Diagnostics\n\nGenerated from the table of codes; `keyform explain CODE` prints the same. A code never changes \
         its meaning.\n",
    );
    for code in codes::all() {
        // Writing to a text can't fail.
        let _ = write!(out, "\n## {}: {}\n\n{}\n", code.id, code.summary, code.explain);
    }
    out
}

fn row(out: &mut String, left: &str, right: &str) {
    // Writing to a text can't fail.
    let _ = writeln!(out, "| `{}` | {} |", left.replace('|', "\\|"), right.replace('|', "\\|"));
}
