//! The blocks inside of `keyform`: where the ledger is kept, and what can be undone.

use crate::config::blocks::Count;
use crate::config::blocks::Form;
use crate::config::blocks::PLAIN;
use crate::config::blocks::Ty;
use crate::config::blocks::opt;
use crate::config::blocks::req;

pub(super) static LEDGER: Form = Form {
    word: "ledger",
    labels: &["store"],
    attrs: &[
        opt("bucket", Ty::String, "`s3`, `gcs`: the bucket."),
        opt("container", Ty::String, "`azblob`: the container."),
        opt(
            "prefix",
            Ty::String,
            "`s3`, `gcs`, `azblob`: what the names of the ledger's objects begin with, such as `keyform/prod`.",
        ),
        opt("region", Ty::String, "`s3`: the bucket's region; `AWS_REGION` by default."),
        opt("account", Ty::String, "`azblob`: the storage account; `AZURE_STORAGE_ACCOUNT_NAME` by default."),
        opt(
            "endpoint",
            Ty::String,
            "`s3`, `gcs`, `azblob`: where the store is asked instead of the vendor's address, such as `https://minio.example.com`; for `s3`, `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` by default.",
        ),
        opt(
            "url",
            Ty::String,
            "`postgres`: the database, without a password: `postgres://keyform@db.example.com/keyform`; `KEYFORM_LEDGER_URL` by default, which may hold one.",
        ),
        opt("password", Ty::Secret, "`postgres`: the password of the user; `PGPASSWORD` by default."),
        opt(
            "name",
            Ty::String,
            "`postgres`: what this ledger is called among those of the database; `keyform` by default.",
        ),
        opt("project", Ty::String, "`backend`: the slug of a project that is there already."),
        opt("environment", Ty::String, "`backend`: the slug of an environment of it."),
        opt("path", Ty::String, "`backend`: the folder, from the root: `/keyform`. The root itself by default."),
        opt(
            "lease",
            Ty::Integer(5, 3600),
            "Seconds after which a run that is not heard of any more no longer keeps a shared ledger to itself; 60 by default.",
        ),
    ],
    count: Count::One,
    doc: "Where the ledger is kept: `file` (the default: `.keyform/` beside the configuration), or where all machines that apply find it: `s3`, `gcs`, `azblob`, `postgres`, `backend` (secrets of a folder of the backend itself). Moving it is `keyform ledger push`.",
    ..PLAIN
};

/// What of a run can be undone.
pub(super) static UNDO: Form = Form {
    word: "undo",
    attrs: &[
        req(
            "recipients",
            Ty::Strings,
            "Whose keys can open it: public keys of age, `age1…`. `keyform undo --new-identity FILE` makes one.",
        ),
        opt("keep", Ty::Integer(1, 10_000), "Of how many runs it is kept; 30 by default."),
    ],
    count: Count::One,
    doc: "Has every run keep the values that it overwrites and deletes, sealed, so that `keyform undo` can put them back.",
    ..PLAIN
};
