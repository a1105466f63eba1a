//! The form of `notify` blocks.

use crate::config::blocks::Form;
use crate::config::blocks::PLAIN;
use crate::config::blocks::SEVERITIES;
use crate::config::blocks::Ty;
use crate::config::blocks::opt;

pub(super) static NOTIFY: Form = Form {
    word: "notify",
    labels: &["channel", "name"],
    attrs: &[
        opt(
            "causes",
            Ty::Strings,
            "What it hears of: `outside`, `both`, `unapplied`, `unknown`; all of them by default. Not for `heartbeat`.",
        ),
        opt(
            "url",
            Ty::TextOrSecret,
            "`slack`, `teams`, `heartbeat`: the address that is called, which is a secret. `webhook`: the same, or a text. `github`, `gitlab`: where the interface is, `https://api.github.com` and `https://gitlab.com/api/v4` by default. `pagerduty`: where events go, `https://events.pagerduty.com/v2/enqueue` by default.",
        ),
        opt(
            "secret",
            Ty::Secret,
            "`webhook`: what requests are signed with, as Standard Webhooks has it; `whsec_…` is taken as base64.",
        ),
        opt("routing_key", Ty::Secret, "`pagerduty`: the integration key of an Events API v2 integration."),
        opt("severity", Ty::OneOf(SEVERITIES), "`pagerduty`: how bad it is; `warning` by default."),
        opt(
            "server",
            Ty::String,
            "`email`: the mail server: `smtps://mail.example.com`, or `smtp://mail.example.com:587` with STARTTLS, which is required but on this machine.",
        ),
        opt("user", Ty::String, "`email`: who logs in there."),
        opt("password", Ty::Secret, "`email`: the user's password."),
        opt("from", Ty::String, "`email`: the sender: `keyform@example.com`."),
        opt("to", Ty::Strings, "`email`: the recipients."),
        opt("repo", Ty::String, "`github`: the repository, `owner/name`. `gitlab`: the project's path or number."),
        opt("token", Ty::Secret, "`github`, `gitlab`: what lets keyform write issues."),
        opt("label", Ty::String, "`github`, `gitlab`: the label that its issues have; `keyform` by default."),
    ],
    doc: "Who hears of drift, from `keyform drift --notify` and `keyform watch`: `slack`, `teams`, `webhook`, `pagerduty`, `email`, `github` and `gitlab` (an issue that is kept up to date), and `heartbeat`, an address that is called after every run that went well.",
    ..PLAIN
};
