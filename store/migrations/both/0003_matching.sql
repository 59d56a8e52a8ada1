-- +goose Up

-- A domain at which everybody is of one organisation; a person confirmed it.
CREATE TABLE organisation_domains (
    domain          TEXT   NOT NULL PRIMARY KEY,
    organisation_id BIGINT NOT NULL REFERENCES organisations (id)
) /* clustered */;
CREATE INDEX organisation_domains_organisation ON organisation_domains (organisation_id);

-- What colleagues have said about where a mail belongs; it outranks the rules
-- whenever they are applied again.
CREATE TABLE corrections (
    message_id BIGINT NOT NULL REFERENCES messages (id),
    contact_id BIGINT NOT NULL REFERENCES contacts (id),
    belongs    BIGINT NOT NULL,
    staff_id   BIGINT REFERENCES staff (id), -- none: on the machine itself
    at_us      BIGINT NOT NULL,
    PRIMARY KEY (message_id, contact_id)
) /* clustered */;
CREATE INDEX corrections_contact ON corrections (contact_id);

-- What waits for a colleague's decision. mark names what is proposed, so that
-- nothing is proposed twice: what was dismissed stays dismissed.
CREATE TABLE reviews (
    id         BIGINT PRIMARY KEY,
    mark       TEXT   NOT NULL UNIQUE,
    kind       TEXT   NOT NULL, -- mail, address, organisation, merge
    message_id BIGINT REFERENCES messages (id),
    contact_id BIGINT REFERENCES contacts (id),
    other_id   BIGINT REFERENCES contacts (id), -- of a merge: the second contact
    subject    TEXT   NOT NULL, -- the address or domain
    reason     TEXT   NOT NULL,
    evidence   TEXT   NOT NULL,
    state      TEXT   NOT NULL, -- open, confirmed, dismissed, or settled by the rules
    staff_id   BIGINT REFERENCES staff (id),
    at_us      BIGINT NOT NULL,
    decided_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX reviews_open ON reviews (id) WHERE state = 'open';
CREATE INDEX reviews_message ON reviews (message_id);
CREATE INDEX reviews_contact ON reviews (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX reviews_other ON reviews (other_id) WHERE other_id IS NOT NULL;

-- Customers that turned out to be one, with what was moved, so
-- that it can be moved back.
CREATE TABLE merges (
    id        BIGINT PRIMARY KEY,
    kept_id   BIGINT NOT NULL,
    gone_id   BIGINT NOT NULL,
    moved     TEXT   NOT NULL, -- JSON
    staff_id  BIGINT REFERENCES staff (id),
    at_us     BIGINT NOT NULL,
    undone_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX merges_kept ON merges (kept_id);
CREATE INDEX merges_gone ON merges (gone_id);

-- Address books that were imported, with what each has changed, so that it can
-- be taken back. A contact may be gone by then.
CREATE TABLE contact_imports (
    id        BIGINT PRIMARY KEY,
    source    TEXT   NOT NULL, -- the name of the file
    staff_id  BIGINT REFERENCES staff (id),
    at_us     BIGINT NOT NULL,
    undone_us BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE contact_import_changes (
    import_id  BIGINT NOT NULL REFERENCES contact_imports (id),
    n          BIGINT NOT NULL,
    kind       TEXT   NOT NULL, -- customer, address, phone, note
    contact_id BIGINT NOT NULL,
    value      TEXT   NOT NULL, -- the address, the phone, the number of the note; of a customer its name
    PRIMARY KEY (import_id, n)
) /* clustered */;

-- Mails whose place is to be decided anew: put here by the transaction that
-- changed what it rests on, and taken out by the one that decides.
CREATE TABLE stale (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id)
);

-- Where a colleague has said that a new topic begins in a conversation, or that
-- none does.
CREATE TABLE topics (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id),
    begins     BIGINT NOT NULL,
    staff_id   BIGINT REFERENCES staff (id),
    at_us      BIGINT NOT NULL
);
