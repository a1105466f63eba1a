//! Forms of blocks about who may do what: roles, machine identities, and their membership in projects.

use crate::config::blocks::Attribute;
use crate::config::blocks::Count;
use crate::config::blocks::Form;
use crate::config::blocks::PLAIN;
use crate::config::blocks::PROJECT;
use crate::config::blocks::Ty;
use crate::config::blocks::opt;
use crate::config::blocks::req;
use crate::model::resource::Kind;

/// What a role permits, item by item.
pub(super) static PERMISSIONS: &[Attribute] = &[
    req("subject", Ty::String, "What it is about: `secrets`, `secret-folders`, `environments` …"),
    req("action", Ty::Strings, "What may be done: `read`, `create`, `edit`, `delete` …"),
    opt("conditions", Ty::Any, "Where it counts: `{ environment = { \"$eq\" = \"dev\" } }`."),
    opt("inverted", Ty::Bool, "Whether it forbids instead of permits."),
];

pub(super) static PROJECT_ROLE: Form = Form {
    word: "project_role",
    labels: &["name"],
    kind: Some(Kind::ProjectRole),
    attrs: &[
        PROJECT,
        opt("slug", Ty::String, "What it is called; the label with dashes for underscores by default."),
        opt("name", Ty::String, "What people see; the label by default."),
        req("permissions", Ty::Objects(PERMISSIONS), "What it permits, in order: a later item counts more."),
    ],
    doc: "A role that members of a project can have.",
    ..PLAIN
};

pub(super) static IDENTITY: Form = Form {
    word: "identity",
    labels: &["name"],
    kind: Some(Kind::Identity),
    attrs: &[
        opt("name", Ty::String, "Its name; the label by default. Two identities of one name can't be told apart."),
        opt(
            "role",
            Ty::String,
            "Its role in the organisation: `no-access` (the default), `member`, `admin`, or the slug of a custom one.",
        ),
        opt("metadata", Ty::Map, "More about it, as texts by name."),
        opt("delete_protection", Ty::Bool, "Whether the backend refuses to delete it."),
    ],
    blocks: &[&Form {
        word: "universal_auth",
        attrs: &[
            opt(
                "access_token_ttl",
                Ty::Integer(0, 315_360_000),
                "Seconds that an access token lives; 2592000 by default.",
            ),
            opt(
                "access_token_max_ttl",
                Ty::Integer(0, 315_360_000),
                "Seconds that it can be renewed for; 2592000 by default.",
            ),
            opt(
                "access_token_uses",
                Ty::Integer(0, 2_147_483_647),
                "How often a token can be used; 0, the default, for any number.",
            ),
            opt(
                "access_token_trusted_ips",
                Ty::Strings,
                "Where tokens may be used from: addresses, or ranges such as `10.0.0.0/8`; anywhere by default.",
            ),
            opt("client_secret_trusted_ips", Ty::Strings, "Where it may log in from; anywhere by default."),
        ],
        count: Count::One,
        doc: "Lets it log in with a client id and a client secret.",
        ..PLAIN
    }],
    doc: "A machine identity of the organisation.",
    ..PLAIN
};

pub(super) static PROJECT_IDENTITY: Form = Form {
    word: "project_identity",
    labels: &["name"],
    kind: Some(Kind::ProjectIdentity),
    attrs: &[
        PROJECT,
        req("identity", Ty::Ref(Kind::Identity), "The identity."),
        req(
            "roles",
            Ty::Roles,
            "Its roles: slugs (`admin`, `member`, `viewer`, `no-access`, custom ones), or references to a `project_role`. For a while only: `{ role = \"admin\", range = \"8h\", start = \"2026-01-01T00:00:00Z\" }`.",
        ),
    ],
    doc: "An identity as a member of a project.",
    ..PLAIN
};
