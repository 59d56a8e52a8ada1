-- +goose Up

-- What the signatures of an address say about who writes from there, each with
-- the newest mail that says so; one that everybody may see goes before. Read
-- from stored mail, so that capture does not wait.
CREATE TABLE signed_details (
    id         BIGINT PRIMARY KEY,
    address_id BIGINT NOT NULL REFERENCES addresses (id),
    kind       TEXT   NOT NULL, -- phone, title, company, address
    key        TEXT   NOT NULL, -- values that say the same have the same; of a phone E.164
    value      TEXT   NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    UNIQUE (address_id, kind, key)
);
CREATE INDEX signed_details_phone ON signed_details (key) WHERE kind = 'phone';
CREATE INDEX signed_details_message ON signed_details (message_id);

-- What colleagues have said about that: accepted, or not to be proposed again.
-- Of a title, a company and an address the last one accepted is true.
CREATE TABLE contact_details (
    contact_id BIGINT NOT NULL REFERENCES contacts (id),
    kind       TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    value      TEXT   NOT NULL,
    accepted   BIGINT NOT NULL,
    message_id BIGINT REFERENCES messages (id), -- that showed it
    staff_id   BIGINT REFERENCES staff (id),    -- none: on the machine itself
    at_us      BIGINT NOT NULL,
    PRIMARY KEY (contact_id, kind, key)
) /* clustered */;

-- Whose phone is it?
CREATE INDEX phones_phone ON phones (phone);
