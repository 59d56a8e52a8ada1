-- +goose Up

-- Ids are handed out in blocks from one sequence, so that an id of one kind is
-- never valid for another and every id stays exact in JSON.
CREATE TABLE id_blocks (
    id   BIGINT PRIMARY KEY,
    next BIGINT NOT NULL
);
INSERT INTO id_blocks (id, next) VALUES (1, 1);

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) /* clustered */;

CREATE TABLE staff (
    id         BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL,
    address    TEXT   NOT NULL UNIQUE,
    role       TEXT   NOT NULL,
    language   TEXT   NOT NULL DEFAULT '',
    password   TEXT   NOT NULL DEFAULT '',
    disabled   BIGINT NOT NULL DEFAULT 0,
    created_us BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash BYTEA  NOT NULL PRIMARY KEY,
    staff_id   BIGINT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    created_us BIGINT NOT NULL,
    used_us    BIGINT NOT NULL
) /* clustered */;
CREATE INDEX sessions_staff ON sessions (staff_id);

CREATE TABLE mailboxes (
    id         BIGINT PRIMARY KEY,
    staff_id   BIGINT NOT NULL REFERENCES staff (id),
    address    TEXT   NOT NULL,
    label      TEXT   NOT NULL,
    host       TEXT   NOT NULL,
    port       BIGINT NOT NULL,
    security   TEXT   NOT NULL,
    username   TEXT   NOT NULL,
    secret     BYTEA,
    folders    TEXT   NOT NULL DEFAULT '{}',
    state      TEXT   NOT NULL,
    problem    TEXT   NOT NULL DEFAULT '',
    since_us   BIGINT NOT NULL,
    seen_us    BIGINT NOT NULL DEFAULT 0,
    created_us BIGINT NOT NULL,
    removed_us BIGINT NOT NULL DEFAULT 0
);
-- One live row per account: adding the same mailbox twice is a conflict; a
-- removed one may be added again and is then revived.
CREATE UNIQUE INDEX mailboxes_account ON mailboxes (host, port, username);

-- The cursor stands with its folder and is committed with the rows it speaks of.
CREATE TABLE folders (
    id          BIGINT PRIMARY KEY,
    mailbox_id  BIGINT NOT NULL REFERENCES mailboxes (id),
    name        TEXT   NOT NULL,
    special_use TEXT   NOT NULL DEFAULT '',
    enabled     BIGINT NOT NULL DEFAULT 1,
    uidvalidity BIGINT NOT NULL DEFAULT 0,
    high        BIGINT NOT NULL DEFAULT 0,
    low         BIGINT NOT NULL DEFAULT 0,
    modseq      BIGINT NOT NULL DEFAULT 0,
    present     BIGINT NOT NULL DEFAULT 0,
    earlier     BIGINT NOT NULL DEFAULT 0, -- 1 while sightings of an earlier epoch wait to be recognised
    UNIQUE (mailbox_id, name)
);

-- UIDs that were listed and are not (yet) a sighting, with the reason.
CREATE TABLE uids (
    folder_id   BIGINT NOT NULL REFERENCES folders (id),
    uidvalidity BIGINT NOT NULL,
    uid         BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    rule        TEXT   NOT NULL DEFAULT '',
    size        BIGINT NOT NULL DEFAULT 0,
    internal_us BIGINT NOT NULL DEFAULT 0,
    id_key      BIGINT NOT NULL DEFAULT 0,
    tries       BIGINT NOT NULL DEFAULT 0,
    next_us     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (folder_id, uid, uidvalidity)
) /* clustered */;

CREATE INDEX uids_due ON uids (folder_id, uid) WHERE state IN ('waiting', 'retry');

-- Keyed hashes of the addresses and Message-IDs of a mail that is not stored:
-- enough to fetch it when it turns out to be a customer's, and no more.
CREATE TABLE uid_keys (
    key         BIGINT NOT NULL,
    folder_id   BIGINT NOT NULL REFERENCES folders (id),
    uid         BIGINT NOT NULL,
    uidvalidity BIGINT NOT NULL,
    PRIMARY KEY (key, folder_id, uid, uidvalidity)
) /* clustered */;
CREATE INDEX uid_keys_uid ON uid_keys (folder_id, uid, uidvalidity);

-- Keys that belong to somebody: addresses of contacts and Message-IDs of their
-- conversations. A UID with a wanted key is fetched.
CREATE TABLE wanted_keys (
    key BIGINT PRIMARY KEY
);

-- Who has written to us, and to whom we have: keyed hashes of addresses.
CREATE TABLE correspondents (
    key      BIGINT PRIMARY KEY,
    wrote    BIGINT NOT NULL,
    answered BIGINT NOT NULL
);

CREATE TABLE quarantine (
    folder_id   BIGINT NOT NULL REFERENCES folders (id),
    uidvalidity BIGINT NOT NULL,
    uid         BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    tries       BIGINT NOT NULL,
    size        BIGINT NOT NULL,
    raw         BYTEA,
    at_us       BIGINT NOT NULL,
    PRIMARY KEY (folder_id, uid, uidvalidity)
) /* clustered */;

CREATE TABLE census (
    folder_id  BIGINT PRIMARY KEY REFERENCES folders (id),
    counts     TEXT   NOT NULL,
    at_us      BIGINT NOT NULL
);

CREATE TABLE organisations (
    id           BIGINT PRIMARY KEY,
    name         TEXT   NOT NULL,
    confirmed_us BIGINT NOT NULL
);

CREATE TABLE customers (
    id              BIGINT PRIMARY KEY,
    name            TEXT   NOT NULL,
    sort_key        TEXT   COLLATE "C" NOT NULL,
    organisation_id BIGINT REFERENCES organisations (id),
    owner_id        BIGINT REFERENCES staff (id),
    merged_into     BIGINT NOT NULL DEFAULT 0, -- the customer that this one turned out to be
    language        TEXT   NOT NULL DEFAULT '', -- in which to write to it, ISO 639-1
    language_said   BIGINT NOT NULL DEFAULT 0,  -- 1: a person said so
    last_us         BIGINT NOT NULL DEFAULT 0,
    created_us      BIGINT NOT NULL
);
CREATE INDEX customers_last ON customers (last_us, id);

CREATE TABLE contacts (
    id          BIGINT PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    name        TEXT   NOT NULL,
    named       BIGINT NOT NULL DEFAULT 0,
    name_key    TEXT   NOT NULL DEFAULT '', -- the words of the name, sorted
    origin      TEXT   NOT NULL,
    merged_into BIGINT NOT NULL DEFAULT 0,  -- the contact that this one turned out to be
    created_us  BIGINT NOT NULL
);
CREATE INDEX contacts_customer ON contacts (customer_id, id);
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into <> 0;
CREATE INDEX contacts_name ON contacts (name_key) WHERE name_key <> '';

-- Words of names and addresses by which a customer is found. Looked up by
-- ranges, which are prefixes only in the order of bytes.
CREATE TABLE customer_words (
    word        TEXT   COLLATE "C" NOT NULL,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    PRIMARY KEY (word, customer_id)
) /* clustered */;
CREATE INDEX customer_words_customer ON customer_words (customer_id);

CREATE TABLE phones (
    contact_id BIGINT NOT NULL REFERENCES contacts (id),
    phone      TEXT   NOT NULL,
    PRIMARY KEY (contact_id, phone)
) /* clustered */;

-- canonical: without tag and ignored dots; domain: that of its organisation,
-- '' when strangers share it.
CREATE TABLE addresses (
    id        BIGINT PRIMARY KEY,
    address   TEXT   NOT NULL UNIQUE,
    canonical TEXT   NOT NULL,
    domain    TEXT   NOT NULL
);
CREATE INDEX addresses_canonical ON addresses (canonical);
CREATE INDEX addresses_domain ON addresses (domain) WHERE domain <> '';

CREATE TABLE contact_addresses (
    address_id BIGINT NOT NULL REFERENCES addresses (id),
    contact_id BIGINT NOT NULL REFERENCES contacts (id),
    from_us    BIGINT NOT NULL DEFAULT 0,
    until_us   BIGINT NOT NULL DEFAULT 0,
    shared     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (address_id, contact_id)
) /* clustered */;
CREATE INDEX contact_addresses_contact ON contact_addresses (contact_id);

CREATE TABLE conversations (
    id         BIGINT PRIMARY KEY,
    created_us BIGINT NOT NULL
);

-- Every Message-ID that was seen, as a mail or only in References: an unseen
-- parent is a row here without a message, and holds its thread together.
CREATE TABLE thread_ids (
    message_id      TEXT   NOT NULL PRIMARY KEY,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id)
) /* clustered */;
CREATE INDEX thread_ids_conversation ON thread_ids (conversation_id);

CREATE TABLE messages (
    id              BIGINT PRIMARY KEY,
    content         BYTEA  NOT NULL UNIQUE,
    conversation_id BIGINT NOT NULL REFERENCES conversations (id),
    message_id      TEXT   NOT NULL,
    at_us           BIGINT NOT NULL,
    sent_us         BIGINT NOT NULL,
    direction       TEXT   NOT NULL,
    class           TEXT   NOT NULL,
    subject         TEXT   NOT NULL,
    preview         TEXT   NOT NULL,
    attachments     BIGINT NOT NULL,
    size            BIGINT NOT NULL,
    private         BIGINT NOT NULL DEFAULT 0,
    loose           BIGINT NOT NULL DEFAULT 0, -- 1: only its thread can place it
    details         TEXT   NOT NULL,
    language        TEXT   NOT NULL DEFAULT '', -- ISO 639-1, und: cannot be told or is ours, '': not looked at
    body            BYTEA  NOT NULL
);
CREATE INDEX messages_loose ON messages (conversation_id) WHERE loose = 1;
-- What people wrote is read again after capture.
CREATE INDEX messages_unread ON messages (id) WHERE language = '' AND class = 'human';
-- A mail is found by its Message-ID through thread_ids and this index.
CREATE INDEX messages_conversation ON messages (conversation_id, at_us, id);

CREATE TABLE raws (
    id         BIGINT PRIMARY KEY,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    bytes_hash BYTEA  NOT NULL,
    size       BIGINT NOT NULL,
    zstd       BYTEA  NOT NULL
);
-- By message first: equal bytes have equal content, and an index on the hash
-- alone would be written all over in every commit.
CREATE UNIQUE INDEX raws_message ON raws (message_id, bytes_hash);

CREATE TABLE sightings (
    folder_id   BIGINT NOT NULL REFERENCES folders (id),
    uidvalidity BIGINT NOT NULL,
    uid         BIGINT NOT NULL,
    message_id  BIGINT NOT NULL REFERENCES messages (id),
    raw_id      BIGINT NOT NULL REFERENCES raws (id),
    internal_us BIGINT NOT NULL,
    seen_us     BIGINT NOT NULL,
    gone_us     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (folder_id, uid, uidvalidity)
) /* clustered */;
CREATE INDEX sightings_message ON sightings (message_id);

CREATE TABLE participants (
    message_id BIGINT NOT NULL REFERENCES messages (id),
    n          BIGINT NOT NULL,
    role       TEXT   NOT NULL,
    address_id BIGINT NOT NULL REFERENCES addresses (id),
    name       TEXT   NOT NULL,
    written    TEXT   NOT NULL,
    PRIMARY KEY (message_id, n)
) /* clustered */;
CREATE INDEX participants_address ON participants (address_id, message_id);

CREATE TABLE attachments (
    message_id BIGINT NOT NULL REFERENCES messages (id),
    part       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    type       TEXT   NOT NULL,
    size       BIGINT NOT NULL,
    inline     BIGINT NOT NULL,
    content_id TEXT   NOT NULL,
    PRIMARY KEY (message_id, part)
) /* clustered */;

CREATE TABLE links (
    contact_id BIGINT NOT NULL REFERENCES contacts (id),
    at_us      BIGINT NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    rule       TEXT   NOT NULL,
    evidence   TEXT   NOT NULL,
    confidence BIGINT NOT NULL,
    PRIMARY KEY (contact_id, at_us, message_id)
) /* clustered */;
CREATE INDEX links_message ON links (message_id);

CREATE TABLE notes (
    id          BIGINT PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    contact_id  BIGINT REFERENCES contacts (id),
    staff_id    BIGINT NOT NULL REFERENCES staff (id),
    kind        TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    at_us       BIGINT NOT NULL
);
CREATE INDEX notes_customer ON notes (customer_id, at_us, id);
CREATE INDEX notes_contact ON notes (contact_id) WHERE contact_id IS NOT NULL;
