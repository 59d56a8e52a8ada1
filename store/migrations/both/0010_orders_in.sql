-- +goose Up

-- Tokens of the API, by the hash of their text.
CREATE TABLE api_tokens (
    id         BIGINT PRIMARY KEY,
    hash       BYTEA  NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    scopes     TEXT   NOT NULL, -- apart by blanks
    staff_id   BIGINT REFERENCES staff (id),
    created_us BIGINT NOT NULL,
    used_us    BIGINT NOT NULL DEFAULT 0,
    revoked_us BIGINT NOT NULL DEFAULT 0
);

-- What was answered to requests that have a key, so that it is answered again.
CREATE TABLE api_answers (
    token_id BIGINT NOT NULL REFERENCES api_tokens (id),
    key      TEXT   NOT NULL,
    body     BYTEA  NOT NULL, -- hash of what was sent
    answer   BYTEA  NOT NULL,
    at_us    BIGINT NOT NULL,
    PRIMARY KEY (token_id, key)
) /* clustered */;
CREATE INDEX api_answers_at ON api_answers (at_us);

-- Where shops tell of their orders.
CREATE TABLE webhooks (
    id         BIGINT PRIMARY KEY,
    kind       TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    secret     BYTEA  NOT NULL, -- sealed
    staff_id   BIGINT REFERENCES staff (id),
    created_us BIGINT NOT NULL,
    heard_us   BIGINT NOT NULL DEFAULT 0, -- the last delivery with a right signature
    problem    TEXT   NOT NULL DEFAULT '', -- what of it was not kept, and why
    problems   TEXT   NOT NULL DEFAULT '[]' -- JSON: the last of them, the newest first
);

-- What shops number their orders by within, and the version that was kept last.
CREATE TABLE webhook_orders (
    webhook_id  BIGINT NOT NULL REFERENCES webhooks (id),
    shop_id     TEXT   NOT NULL,
    number      TEXT   NOT NULL,
    version_us  BIGINT NOT NULL,
    taxed       BIGINT NOT NULL, -- 1: its prices have the tax in them
    PRIMARY KEY (webhook_id, shop_id)
) /* clustered */;

-- Mails that were looked at for orders, and how many they carried.
CREATE TABLE order_mails (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id),
    orders     BIGINT NOT NULL
);
