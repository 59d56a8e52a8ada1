-- +goose Up

-- Mails that colleagues write. One belongs to its author alone, until it is
-- sent: then it is the text of a mailing, and what is sent does not change.
CREATE TABLE drafts (
    id          BIGINT PRIMARY KEY,
    staff_id    BIGINT NOT NULL REFERENCES staff (id),
    customer_id BIGINT REFERENCES customers (id),       -- on whose page it is written
    answers_id  BIGINT REFERENCES messages (id),        -- none: a new mail
    mailbox_id  BIGINT REFERENCES mailboxes (id),       -- from whose address; none: not chosen
    parties     TEXT   NOT NULL,                        -- JSON: to, cc
    thread      TEXT   NOT NULL,                        -- JSON: in_reply_to, references
    subject     TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    quote       TEXT   NOT NULL,
    quoted      BIGINT NOT NULL,
    touched     BIGINT NOT NULL DEFAULT 0,              -- 1: its author has changed it
    lost        BIGINT NOT NULL DEFAULT 0,              -- 1: it answers a private mail that is not kept any more
    created_us  BIGINT NOT NULL,
    began_us    BIGINT NOT NULL,                        -- since when it is being written, without a long rest
    changed_us  BIGINT NOT NULL,
    mailing_id  BIGINT REFERENCES mailings (id),        -- none: not sent
    lead_id     BIGINT REFERENCES dispatches (id),      -- whose Message-ID all recipients get
    message_id  TEXT   NOT NULL DEFAULT '',             -- that Message-ID
    sent_us     BIGINT NOT NULL DEFAULT 0,              -- when its author let it go: its Date
    -- Its copy in the author's Sent folder.
    file_due_us BIGINT NOT NULL DEFAULT 0,              -- not to be filed before; 0: not to be filed
    file_tries  BIGINT NOT NULL DEFAULT 0,
    filing_us   BIGINT NOT NULL DEFAULT 0,              -- we have begun to append it: what lies there may be ours
    filed_us    BIGINT NOT NULL DEFAULT 0,              -- it lies there
    file_trouble TEXT  NOT NULL DEFAULT ''              -- why it does not yet, for people
);
CREATE INDEX drafts_staff ON drafts (staff_id, id) WHERE mailing_id IS NULL;
CREATE INDEX drafts_customer ON drafts (customer_id, id);
CREATE INDEX drafts_answers ON drafts (answers_id) WHERE answers_id IS NOT NULL;
CREATE INDEX drafts_changed ON drafts (changed_us, id) WHERE mailing_id IS NULL;
CREATE UNIQUE INDEX drafts_mailing ON drafts (mailing_id) WHERE mailing_id IS NOT NULL;
CREATE UNIQUE INDEX drafts_lead ON drafts (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX drafts_unfiled ON drafts (file_due_us, id) WHERE filed_us = 0 AND file_due_us > 0;
-- One open answer of each author to a mail.
CREATE UNIQUE INDEX drafts_answer ON drafts (staff_id, answers_id) WHERE mailing_id IS NULL AND answers_id IS NOT NULL;

CREATE TABLE draft_files (
    draft_id BIGINT NOT NULL REFERENCES drafts (id),
    n        BIGINT NOT NULL,
    name     TEXT   NOT NULL,
    type     TEXT   NOT NULL,
    size     BIGINT NOT NULL,
    data     BYTEA  NOT NULL,
    PRIMARY KEY (draft_id, n)
);

-- Texts that colleagues put into mails, of the whole firm.
CREATE TABLE snippets (
    id         BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL,
    sort_key   TEXT   COLLATE "C" NOT NULL,
    body       TEXT   NOT NULL,
    staff_id   BIGINT REFERENCES staff (id), -- who changed it last
    changed_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX snippets_sort ON snippets (sort_key);
