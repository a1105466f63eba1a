-- Version 2: things that the embedded backend keeps and gives back as they are.

CREATE TABLE documents (
    id             TEXT PRIMARY KEY,
    -- role, identity, member, webhook, template.
    kind           TEXT NOT NULL,
    -- NULL: it is the organisation's.
    project_id     TEXT REFERENCES projects (id) ON DELETE CASCADE,
    environment_id TEXT REFERENCES environments (id) ON DELETE CASCADE,
    -- What it goes with.
    parent_id      TEXT REFERENCES documents (id) ON DELETE CASCADE,
    -- Unique among those of its kind in its project, where it is not NULL.
    name           TEXT,
    -- A JSON object of what is no secret.
    body           TEXT NOT NULL,
    -- A sealed JSON object of what is one.
    sealed         BLOB,
    created_at     TEXT NOT NULL,
    updated_at     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX documents_by_name ON documents (kind, coalesce(project_id, ''), name);
CREATE INDEX documents_by_project ON documents (project_id, kind);
CREATE INDEX documents_by_environment ON documents (environment_id);
CREATE INDEX documents_by_parent ON documents (parent_id);
