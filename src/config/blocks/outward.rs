//! Forms of blocks around projects: templates that they are made from, and webhooks that they call.

use crate::config::blocks::Attribute;
use crate::config::blocks::ENVIRONMENT;
use crate::config::blocks::Form;
use crate::config::blocks::PATH;
use crate::config::blocks::PLAIN;
use crate::config::blocks::PROJECT;
use crate::config::blocks::Ty;
use crate::config::blocks::access::PERMISSIONS;
use crate::config::blocks::opt;
use crate::config::blocks::req;
use crate::model::resource::Kind;

/// The products that a project, or a template of one, can be for (Infisical, 2026).
pub(super) const TYPES: &[&str] = &["secret-manager", "cert-manager", "kms", "ssh", "secret-scanning", "pam"];

static ENVIRONMENTS: &[Attribute] = &[
    req("slug", Ty::String, "What it is called in references."),
    opt("name", Ty::String, "What people see; the slug by default."),
];

static ROLES: &[Attribute] = &[
    req("slug", Ty::String, "What it is called."),
    opt("name", Ty::String, "What people see; the slug by default."),
    req("permissions", Ty::Objects(PERMISSIONS), "What it permits."),
];

pub(super) static PROJECT_TEMPLATE: Form = Form {
    word: "project_template",
    labels: &["name"],
    kind: Some(Kind::ProjectTemplate),
    attrs: &[
        opt("name", Ty::String, "Its name, a slug; the label with dashes for underscores by default."),
        opt("type", Ty::OneOf(TYPES), "The product that its projects are for; `secret-manager` by default."),
        opt("environments", Ty::Objects(ENVIRONMENTS), "The environments of a new project, in order."),
        opt("roles", Ty::Objects(ROLES), "The roles of a new project, besides those that every one has."),
    ],
    doc: "What new projects begin with. A project takes it with `template`; changes do not reach projects that exist.",
    ..PLAIN
};

pub(super) static WEBHOOK: Form = Form {
    word: "webhook",
    labels: &["name"],
    kind: Some(Kind::Webhook),
    attrs: &[
        PROJECT,
        ENVIRONMENT,
        PATH,
        req(
            "url",
            Ty::TextOrSecret,
            "The address that is called: text, or a secret source where knowing it is enough to use it.",
        ),
        opt(
            "type",
            Ty::OneOf(&["general", "slack", "microsoft-teams"]),
            "The shape of the call; `general` by default.",
        ),
        opt("secret_key", Ty::Secret, "Signs the calls, so that the receiver knows where they come from."),
        opt(
            "events",
            Ty::Strings,
            "What it is called for: `secrets.modified`, `secrets.rotation-failed`; the backend's choice by default.",
        ),
        opt("enabled", Ty::Bool, "Whether it is called at all; it is by default."),
    ],
    doc: "An address that the backend calls when secrets of a folder change.",
    ..PLAIN
};
