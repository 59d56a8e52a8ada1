-- +goose Up

-- Mail that is not kept: with an address, with a domain, or in a folder.
CREATE TABLE exclusions (
    id         BIGINT PRIMARY KEY,
    mailbox_id BIGINT NOT NULL, -- 0: of the whole firm
    kind       TEXT   NOT NULL, -- address, domain, folder
    value      TEXT   NOT NULL,
    staff_id   BIGINT REFERENCES staff (id), -- none: on the machine itself
    at_us      BIGINT NOT NULL,
    UNIQUE (mailbox_id, kind, value)
);

-- References to raw mail beside the database whose row is gone and whose bytes
-- are still to be overwritten.
CREATE TABLE erasures (
    place BYTEA NOT NULL PRIMARY KEY
) /* clustered */;

-- What has left every mailbox, for those who follow deletions.
CREATE INDEX sightings_gone ON sightings (gone_us) WHERE gone_us > 0;
