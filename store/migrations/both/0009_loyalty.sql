-- +goose Up

-- What customers wish, prefer, dislike and plan, in their own words.
CREATE TABLE wishes (
    id          BIGINT PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    contact_id  BIGINT REFERENCES contacts (id),
    message_id  BIGINT REFERENCES messages (id), -- where it was said
    place       BIGINT NOT NULL DEFAULT 0,       -- of the quote in that mail's text, in bytes
    note_id     BIGINT REFERENCES notes (id),
    quote       TEXT   NOT NULL,
    kind        TEXT   NOT NULL, -- wish, preference, problem, praise, question, plan, switch
    topic       TEXT   NOT NULL DEFAULT '',
    topic_key   TEXT   NOT NULL DEFAULT '',      -- its words, folded
    product_id  BIGINT REFERENCES products (id),
    job         TEXT   NOT NULL DEFAULT '',      -- when ... I want ... so that ...
    force       TEXT   NOT NULL DEFAULT '',      -- push, pull, habit, anxiety
    strength    TEXT   NOT NULL DEFAULT '',      -- must, would-like, nice
    state       TEXT   NOT NULL,                 -- new, considering, promised, done, told, declined, dismissed
    reason      TEXT   NOT NULL DEFAULT '',      -- of the last step
    from_day    BIGINT NOT NULL DEFAULT 0,       -- not before
    until_day   BIGINT NOT NULL DEFAULT 0,       -- of no interest after
    staff_id    BIGINT REFERENCES staff (id),    -- who wrote it down or confirmed it
    asked_id    BIGINT REFERENCES staff (id),    -- who asked the customer
    at_us       BIGINT NOT NULL,                 -- when it was said
    changed_us  BIGINT NOT NULL,
    done_us     BIGINT NOT NULL DEFAULT 0        -- when it was met; of a problem: solved
);
CREATE INDEX wishes_customer ON wishes (customer_id, at_us, id);
CREATE INDEX wishes_state ON wishes (state, at_us, id);
CREATE UNIQUE INDEX wishes_said ON wishes (message_id, place) WHERE message_id IS NOT NULL;

-- Every step of a wish, and whose it was.
CREATE TABLE wish_steps (
    wish_id  BIGINT NOT NULL REFERENCES wishes (id),
    n        BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    reason   TEXT   NOT NULL,
    staff_id BIGINT REFERENCES staff (id),
    at_us    BIGINT NOT NULL,
    PRIMARY KEY (wish_id, n)
) /* clustered */;

-- The folded words of quotes and topics, to find them by their beginnings.
CREATE TABLE wish_words (
    word    TEXT   COLLATE "C" NOT NULL,
    wish_id BIGINT NOT NULL REFERENCES wishes (id),
    PRIMARY KEY (word, wish_id)
) /* clustered */;
CREATE INDEX wish_words_wish ON wish_words (wish_id);

-- What reading a mail found its author to want. Whose wish it would be follows
-- from where the mail belongs; a colleague decides whether it is one.
CREATE TABLE sayings (
    id         BIGINT PRIMARY KEY,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    place      BIGINT NOT NULL, -- of the quote in the mail's text, in bytes
    kind       TEXT   NOT NULL,
    quote      TEXT   NOT NULL,
    from_day   BIGINT NOT NULL, -- not before; 0: nothing is said
    decided_us BIGINT NOT NULL DEFAULT 0,
    staff_id   BIGINT REFERENCES staff (id), -- who decided
    UNIQUE (message_id, place)
);
CREATE INDEX sayings_open ON sayings (message_id, place) WHERE decided_us = 0;

-- Surveys of one question, and what was answered.
CREATE TABLE surveys (
    id         BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    kind       TEXT   NOT NULL, -- nps: 0 to 10; csat: 1 to 5
    question   TEXT   NOT NULL, -- JSON: by language
    staff_id   BIGINT REFERENCES staff (id),
    created_us BIGINT NOT NULL,
    closed_us  BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE votes (
    id          BIGINT PRIMARY KEY,
    survey_id   BIGINT NOT NULL REFERENCES surveys (id),
    dispatch_id BIGINT REFERENCES dispatches (id), -- the mail that asked
    contact_id  BIGINT REFERENCES contacts (id),   -- none: a form that anybody may fill in
    score       BIGINT NOT NULL,
    words       TEXT   NOT NULL DEFAULT '',
    at_us       BIGINT NOT NULL,
    UNIQUE (survey_id, dispatch_id)
);
CREATE INDEX votes_contact ON votes (contact_id, at_us) WHERE contact_id IS NOT NULL;

-- Each request for the page of a survey, so that what scanners do can be told apart.
CREATE TABLE ballots (
    survey_id   BIGINT NOT NULL REFERENCES surveys (id),
    dispatch_id BIGINT NOT NULL REFERENCES dispatches (id),
    n           BIGINT NOT NULL,
    score       BIGINT NOT NULL, -- -1: none
    words       TEXT   NOT NULL,
    posted      BIGINT NOT NULL,
    trapped     BIGINT NOT NULL,
    at_us       BIGINT NOT NULL,
    PRIMARY KEY (survey_id, dispatch_id, n)
) /* clustered */;

-- What came by the public form.
CREATE TABLE feedback (
    id         BIGINT PRIMARY KEY,
    name       TEXT   NOT NULL,
    address    TEXT   NOT NULL, -- as they gave it; '' for none
    contact_id BIGINT REFERENCES contacts (id), -- whose address it is
    words      TEXT   NOT NULL,
    at_us      BIGINT NOT NULL,
    seen_us    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX feedback_contact ON feedback (contact_id, at_us, id) WHERE contact_id IS NOT NULL;
CREATE INDEX feedback_new ON feedback (at_us, id);

-- Who came by whose word.
CREATE TABLE recommendations (
    contact_id BIGINT PRIMARY KEY REFERENCES contacts (id), -- who came
    by_id      BIGINT NOT NULL REFERENCES contacts (id),
    staff_id   BIGINT REFERENCES staff (id),
    at_us      BIGINT NOT NULL
);
CREATE INDEX recommendations_by ON recommendations (by_id, at_us);

-- Where customers stand, a row for each day on which it changed.
CREATE TABLE standings (
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    day         BIGINT NOT NULL,
    rung        TEXT   NOT NULL,
    timing      TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    PRIMARY KEY (customer_id, day)
) /* clustered */;

-- The figures behind the newest standing. Days are of the calendar, 0 for none;
-- shares are in millionths, values in ten-thousandths of the firm's currency.
CREATE TABLE loyalty (
    customer_id BIGINT PRIMARY KEY REFERENCES customers (id),
    rung        TEXT   NOT NULL,
    timing      TEXT   NOT NULL,
    note        TEXT   NOT NULL,
    since_day   BIGINT NOT NULL, -- on this rung
    events      BIGINT NOT NULL,
    filled      BIGINT NOT NULL,
    cycles      BIGINT NOT NULL,
    first_day   BIGINT NOT NULL,
    last_day    BIGINT NOT NULL,
    due_day     BIGINT NOT NULL,
    overdue_day BIGINT NOT NULL,
    lapsed_day  BIGINT NOT NULL,
    p_alive     BIGINT NOT NULL,
    p_order     BIGINT NOT NULL,
    spent       BIGINT NOT NULL,
    value       BIGINT NOT NULL, -- awaited in the next 12 months
    points      BIGINT NOT NULL, -- of the attitude, in millionths
    enough      BIGINT NOT NULL,
    signs       TEXT   NOT NULL  -- JSON: what the attitude rests on
);
CREATE INDEX loyalty_rung ON loyalty (rung, value, customer_id);
CREATE INDEX loyalty_value ON loyalty (value, customer_id);
CREATE INDEX loyalty_counts ON loyalty (rung, timing, note, value, customer_id); -- the whole ladder is counted from it

-- What the standings of a day have in common: clock, model, typical rates.
CREATE TABLE ladders (
    day      BIGINT PRIMARY KEY,
    facts    TEXT   NOT NULL, -- JSON
    validity TEXT   NOT NULL DEFAULT '', -- JSON: the labels of some time ago beside what came
    at_us    BIGINT NOT NULL
);

-- How many customers stood on each rung on a day.
CREATE TABLE rung_counts (
    day       BIGINT NOT NULL,
    rung      TEXT   NOT NULL,
    customers BIGINT NOT NULL,
    PRIMARY KEY (day, rung)
) /* clustered */;

-- Who moved over so many days, told by the clock and model of the first of them.
CREATE TABLE moves (
    span        BIGINT NOT NULL,
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    rung_was    TEXT   NOT NULL,
    rung_now    TEXT   NOT NULL,
    PRIMARY KEY (span, customer_id)
) /* clustered */;
CREATE INDEX moves_cell ON moves (span, rung_was, rung_now, customer_id);
CREATE INDEX moves_customer ON moves (customer_id);
CREATE TABLE movements (
    span  BIGINT PRIMARY KEY,
    facts TEXT   NOT NULL -- JSON: from when to when, and by what
);

-- Who put which weights of the signs in use, and what they were before.
CREATE TABLE weight_changes (
    id       BIGINT PRIMARY KEY,
    staff_id BIGINT REFERENCES staff (id), -- none: on the machine itself
    weights  TEXT   NOT NULL, -- JSON by signal; empty: those of the table
    was      TEXT   NOT NULL,
    at_us    BIGINT NOT NULL
);

-- Customers whose standing is to be found anew.
CREATE TABLE unranked (
    customer_id BIGINT PRIMARY KEY REFERENCES customers (id)
);

-- What is bought together, found by night: one row, the newest.
CREATE TABLE findings (
    id    BIGINT PRIMARY KEY, -- 1
    found TEXT   NOT NULL,    -- JSON
    at_us BIGINT NOT NULL
);
