-- +goose Up

-- Words that colleagues put on customers, as they were first written. One that
-- is on nobody any more goes.
CREATE TABLE tags (
    tag  TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- folded
    name TEXT NOT NULL
) /* clustered */;
CREATE TABLE customer_tags (
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    tag         TEXT   COLLATE "C" NOT NULL REFERENCES tags (tag),
    staff_id    BIGINT REFERENCES staff (id),
    at_us       BIGINT NOT NULL,
    PRIMARY KEY (customer_id, tag)
) /* clustered */;
CREATE INDEX customer_tags_tag ON customer_tags (tag, customer_id);

-- What a customer's mail comes to; of people, not of machines. 0: never.
CREATE TABLE correspondence (
    customer_id BIGINT PRIMARY KEY REFERENCES customers (id),
    wrote_us    BIGINT NOT NULL, -- they wrote last
    written_us  BIGINT NOT NULL, -- somebody of us wrote to them last
    began_us    BIGINT NOT NULL, -- they began a conversation last
    open_us     BIGINT NOT NULL, -- since when a question of theirs has waited for us
    open_id     BIGINT NOT NULL  -- the mail that asks it
);
CREATE INDEX correspondence_open ON correspondence (open_us, customer_id) WHERE open_us > 0;

-- The mails of a customer that wait for our answer: what open_us is the first of,
-- for viewers who may not see all of them.
CREATE TABLE open_questions (
    customer_id     BIGINT NOT NULL REFERENCES customers (id),
    message_id      BIGINT NOT NULL REFERENCES messages (id),
    contact_id      BIGINT NOT NULL, -- who asks
    conversation_id BIGINT NOT NULL,
    at_us           BIGINT NOT NULL,
    PRIMARY KEY (customer_id, message_id)
) /* clustered */;
CREATE INDEX open_questions_message ON open_questions (message_id);

-- Customers whose correspondence is to be read anew. All are, at first.
CREATE TABLE uncounted (
    customer_id BIGINT PRIMARY KEY REFERENCES customers (id)
);
INSERT INTO uncounted (customer_id) SELECT id FROM customers;

-- Mail that a colleague has said needs no answer.
CREATE TABLE closed_questions (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id),
    staff_id   BIGINT REFERENCES staff (id),
    at_us      BIGINT NOT NULL
);
CREATE INDEX closed_questions_at ON closed_questions (at_us, message_id);

-- Rules that name customers. They are live.
CREATE TABLE segments (
    id          BIGINT PRIMARY KEY,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL UNIQUE,     -- folded
    rule        TEXT   NOT NULL,            -- canonical
    starter     TEXT   NOT NULL DEFAULT '', -- which of the ready-made ones it is
    staff_id    BIGINT REFERENCES staff (id),
    created_us  BIGINT NOT NULL,
    changed_us  BIGINT NOT NULL,
    counted_us  BIGINT NOT NULL DEFAULT 0,
    archived_us BIGINT NOT NULL DEFAULT 0
);

-- Who was in a segment when it was counted last, and how many came and went on
-- each day.
CREATE TABLE segment_members (
    segment_id  BIGINT NOT NULL REFERENCES segments (id),
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    PRIMARY KEY (segment_id, customer_id)
) /* clustered */;
CREATE INDEX segment_members_customer ON segment_members (customer_id);
CREATE TABLE segment_days (
    segment_id BIGINT NOT NULL REFERENCES segments (id),
    day        BIGINT NOT NULL,
    n          BIGINT NOT NULL,
    came       BIGINT NOT NULL,
    went       BIGINT NOT NULL,
    PRIMARY KEY (segment_id, day)
) /* clustered */;
