-- The embedded backend's database, version 1. SQLite in WAL mode; times are ISO 8601 texts in UTC.
-- Columns of type BLOB hold sealed bytes: a nonce, then AES-256-GCM under the data key, bound to
-- table, column and id of their row. What is not sealed is names, keys, paths and settings.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE identities (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    client_id   TEXT NOT NULL UNIQUE,
    -- HMAC-SHA-256 of the client secret under a key derived from the data key.
    secret_hash BLOB NOT NULL,
    created_at  TEXT NOT NULL
) STRICT;

CREATE TABLE tokens (
    -- HMAC-SHA-256 of the token.
    hash           BLOB PRIMARY KEY,
    identity_id    TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    -- Seconds since 1970.
    expires_at     INTEGER NOT NULL,
    max_expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    id                    TEXT PRIMARY KEY,
    name                  TEXT NOT NULL,
    slug                  TEXT NOT NULL UNIQUE,
    description           TEXT,
    kind                  TEXT NOT NULL,
    auto_capitalization   INTEGER NOT NULL,
    has_delete_protection INTEGER NOT NULL,
    pit_version_limit     INTEGER NOT NULL,
    created_at            TEXT NOT NULL,
    updated_at            TEXT NOT NULL
) STRICT;

CREATE TABLE environments (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL,
    position   INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (project_id, slug)
) STRICT;

CREATE TABLE folders (
    id             TEXT PRIMARY KEY,
    environment_id TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    -- NULL for the root.
    parent_id      TEXT REFERENCES folders (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    -- Absolute; kept right when a folder above is renamed.
    path           TEXT NOT NULL,
    description    TEXT,
    version        INTEGER NOT NULL,
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL,
    UNIQUE (environment_id, path)
) STRICT;
CREATE INDEX folders_by_parent ON folders (parent_id);

CREATE TABLE secrets (
    id            TEXT PRIMARY KEY,
    folder_id     TEXT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    key           TEXT NOT NULL,
    value         BLOB NOT NULL,
    comment       BLOB NOT NULL,
    metadata      BLOB,
    -- Whether the value mentions other secrets, so that a change of those is a change of this one.
    refers        INTEGER NOT NULL,
    skip_encoding INTEGER,
    reminder_note TEXT,
    reminder_days INTEGER,
    version       INTEGER NOT NULL,
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    UNIQUE (folder_id, key)
) STRICT;

CREATE TABLE tags (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    slug       TEXT NOT NULL,
    color      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (project_id, slug)
) STRICT;

CREATE TABLE secret_tags (
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    tag_id    TEXT NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    PRIMARY KEY (secret_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX secret_tags_by_tag ON secret_tags (tag_id);

CREATE TABLE imports (
    id                 TEXT PRIMARY KEY,
    folder_id          TEXT NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    from_environment   TEXT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    -- Not a reference: the folder need not exist.
    from_path          TEXT NOT NULL,
    position           INTEGER NOT NULL,
    version            INTEGER NOT NULL,
    created_at         TEXT NOT NULL,
    updated_at         TEXT NOT NULL
) STRICT;
CREATE INDEX imports_by_folder ON imports (folder_id, position);
CREATE INDEX imports_by_source ON imports (from_environment, from_path);

CREATE TABLE connections (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    description      TEXT,
    app              TEXT NOT NULL,
    method           TEXT NOT NULL,
    -- A sealed JSON object of all fields.
    credentials      BLOB NOT NULL,
    -- A JSON object of the fields that are no secrets.
    shown            TEXT NOT NULL,
    credentials_hash TEXT NOT NULL,
    project_id       TEXT REFERENCES projects (id) ON DELETE CASCADE,
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX connections_by_name ON connections (coalesce(project_id, ''), name);

CREATE TABLE syncs (
    id                  TEXT PRIMARY KEY,
    project_id          TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name                TEXT NOT NULL,
    description         TEXT,
    -- NULL when the folder is gone.
    folder_id           TEXT REFERENCES folders (id) ON DELETE SET NULL,
    connection_id       TEXT NOT NULL REFERENCES connections (id),
    destination         TEXT NOT NULL,
    destination_config  TEXT NOT NULL,
    options             TEXT NOT NULL,
    auto                INTEGER NOT NULL,
    sync_status         TEXT,
    last_sync_job_id    TEXT,
    last_sync_message   TEXT,
    last_synced_at      TEXT,
    import_status       TEXT,
    last_import_job_id  TEXT,
    last_import_message TEXT,
    last_imported_at    TEXT,
    remove_status       TEXT,
    last_remove_job_id  TEXT,
    last_remove_message TEXT,
    last_removed_at     TEXT,
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL,
    UNIQUE (project_id, name)
) STRICT;
CREATE INDEX syncs_by_folder ON syncs (folder_id);
CREATE INDEX syncs_by_connection ON syncs (connection_id);

-- Jobs that have not ended: what is in here at start is run again.
CREATE TABLE jobs (
    id       TEXT PRIMARY KEY,
    sync_id  TEXT NOT NULL REFERENCES syncs (id) ON DELETE CASCADE,
    -- sync, import, remove, delete (remove, then delete the sync).
    kind     TEXT NOT NULL,
    -- For an import: what wins.
    argument TEXT,
    -- Whether a runner has taken it.
    running  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_by_sync ON jobs (sync_id);
