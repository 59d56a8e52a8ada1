-- +goose Up

-- Accounts at mail servers that take our mail. One that was removed stays: the
-- attempts made with it name it.
CREATE TABLE senders (
    id          BIGINT PRIMARY KEY,
    name        TEXT   NOT NULL,
    host        TEXT   NOT NULL,
    port        BIGINT NOT NULL,
    security    TEXT   NOT NULL,
    username    TEXT   NOT NULL DEFAULT '',
    secret      BYTEA,
    domains     TEXT   NOT NULL DEFAULT '[]', -- JSON
    bounce      TEXT   NOT NULL DEFAULT '',
    connections BIGINT NOT NULL,
    rate_micro  BIGINT NOT NULL DEFAULT 0,    -- mails a second, in millionths
    place       BIGINT NOT NULL DEFAULT 0,    -- the lowest is used first
    warm_up     TEXT   NOT NULL DEFAULT '',   -- JSON, the plan; '': none
    disabled    BIGINT NOT NULL DEFAULT 0,
    state       TEXT   NOT NULL,
    problem     TEXT   NOT NULL DEFAULT '',
    since_us    BIGINT NOT NULL,
    created_us  BIGINT NOT NULL,
    removed_us  BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX senders_name ON senders (name) WHERE removed_us = 0;

-- What dispatches are part of: a campaign's step, an audience, one colleague's
-- mail.
CREATE TABLE mailings (
    id           BIGINT PRIMARY KEY,
    kind         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    from_address TEXT   NOT NULL,
    from_name    TEXT   NOT NULL DEFAULT '',
    reply_to     TEXT   NOT NULL DEFAULT '',
    reply_name   TEXT   NOT NULL DEFAULT '',
    sender_id    BIGINT REFERENCES senders (id), -- none: by the From domain
    subject      TEXT   NOT NULL,
    body_text    TEXT   NOT NULL,
    body_html    TEXT   NOT NULL,
    list_id      TEXT   NOT NULL DEFAULT '',
    topic        TEXT   NOT NULL DEFAULT '',
    opens        BIGINT NOT NULL DEFAULT 0,      -- 1: with a picture that tells when it is fetched
    mark         TEXT   NOT NULL DEFAULT '',     -- what it was made from, '' when it can be made again
    doubt        TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    reason       TEXT   NOT NULL DEFAULT '',
    start_us     BIGINT NOT NULL,
    begun_us     BIGINT NOT NULL DEFAULT 0,      -- when a sending process first looked at it after its start
    until_us     BIGINT NOT NULL DEFAULT 0,      -- no dispatch expires before
    patience_us  BIGINT NOT NULL,
    staff_id     BIGINT REFERENCES staff (id),
    created_us   BIGINT NOT NULL
);
CREATE UNIQUE INDEX mailings_mark ON mailings (mark) WHERE mark <> '';
CREATE INDEX mailings_state ON mailings (state, id);
CREATE INDEX mailings_begin ON mailings (state, start_us, id) WHERE begun_us = 0;

-- The send ledger: one row for a recipient of a mailing, and its state. Each
-- mail writes its row three times, so the row is narrow, and what never changes
-- stands in recipients.
CREATE TABLE dispatches (
    id         BIGINT PRIMARY KEY,
    mailing_id BIGINT NOT NULL REFERENCES mailings (id),
    state      TEXT   NOT NULL,
    token      BIGINT NOT NULL DEFAULT 0,    -- of the lease it was last claimed under
    tries      BIGINT NOT NULL DEFAULT 0,
    due_us     BIGINT NOT NULL,
    place      BIGINT NOT NULL DEFAULT 0,    -- of those that are due together the lowest goes first
    expires_us BIGINT NOT NULL DEFAULT 0,    -- set by the first deferral, see mailings.until_us
    changed_us BIGINT NOT NULL,
    resent     BIGINT NOT NULL DEFAULT 0,    -- 1: a doubt was once settled by sending again
    reason     TEXT   NOT NULL DEFAULT ''
);
-- By mailing, so that one that is paused stands in nobody's way.
CREATE INDEX dispatches_due ON dispatches (mailing_id, due_us, place, id) WHERE state IN ('queued', 'deferred');
CREATE INDEX dispatches_unknown ON dispatches (changed_us, id) WHERE state = 'unknown';
-- States that people look for among very many others. What every mail passes is
-- not among them: it costs an index nothing.
CREATE INDEX dispatches_ended ON dispatches (mailing_id, state, id) WHERE state IN ('failed', 'unknown', 'suppressed', 'expired', 'cancelled');
CREATE INDEX dispatches_mailing ON dispatches (mailing_id, id);

-- To whom a dispatch goes. Both unique rules also answer who got what.
CREATE TABLE recipients (
    dispatch_id BIGINT PRIMARY KEY REFERENCES dispatches (id),
    mailing_id  BIGINT NOT NULL,
    contact_id  BIGINT REFERENCES contacts (id),
    address     TEXT   NOT NULL,
    name        TEXT   NOT NULL DEFAULT '',
    fields      TEXT   NOT NULL DEFAULT '', -- JSON
    UNIQUE (address, mailing_id),
    UNIQUE (contact_id, mailing_id)
);

-- How many dispatches of a mailing are in a state; changed with them.
CREATE TABLE dispatch_counts (
    mailing_id BIGINT NOT NULL REFERENCES mailings (id),
    state      TEXT   NOT NULL,
    n          BIGINT NOT NULL,
    PRIMARY KEY (mailing_id, state)
) /* clustered */;

-- Every attempt, with the server's words.
CREATE TABLE attempts (
    dispatch_id BIGINT NOT NULL REFERENCES dispatches (id),
    n           BIGINT NOT NULL,
    sender_id   BIGINT NOT NULL,
    server      TEXT   NOT NULL,
    stage       TEXT   NOT NULL,
    at_us       BIGINT NOT NULL,
    took_us     BIGINT NOT NULL,
    code        BIGINT NOT NULL,
    enhanced    TEXT   NOT NULL,
    words       TEXT   NOT NULL,
    state       TEXT   NOT NULL, -- what it made of the dispatch
    reason      TEXT   NOT NULL,
    PRIMARY KEY (dispatch_id, n)
) /* clustered */;

-- What was reported about dispatches later: bounces, complaints, replies,
-- clicks, opt-outs. mark keeps one report from being counted twice.
CREATE TABLE dispatch_events (
    id          BIGINT PRIMARY KEY,
    dispatch_id BIGINT NOT NULL REFERENCES dispatches (id),
    kind        TEXT   NOT NULL,
    mark        TEXT   NOT NULL,
    message_id  BIGINT REFERENCES messages (id), -- the mail that tells it
    evidence    TEXT   NOT NULL,
    machine     BIGINT NOT NULL DEFAULT 0,       -- 1: done by a scanner
    at_us       BIGINT NOT NULL,
    UNIQUE (dispatch_id, kind, mark)
);
CREATE INDEX dispatch_events_message ON dispatch_events (message_id) WHERE message_id IS NOT NULL;

-- Reports that name no dispatch of ours that could be found.
CREATE TABLE unmatched_reports (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id),
    reason     TEXT   NOT NULL,
    at_us      BIGINT NOT NULL,
    seen_us    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX unmatched_reports_at ON unmatched_reports (at_us, message_id);

-- Never deleted; lifting one is noted on it.
CREATE TABLE suppressions (
    id          BIGINT PRIMARY KEY,
    address     TEXT   NOT NULL,
    contact_id  BIGINT REFERENCES contacts (id),
    reason      TEXT   NOT NULL,
    topic       TEXT   NOT NULL DEFAULT '', -- only mailings about it; '': all
    evidence    TEXT   NOT NULL,
    dispatch_id BIGINT,
    staff_id    BIGINT REFERENCES staff (id),
    at_us       BIGINT NOT NULL,
    lifted_us   BIGINT NOT NULL DEFAULT 0,
    lifted_by   BIGINT REFERENCES staff (id)
);
CREATE UNIQUE INDEX suppressions_live ON suppressions (address, reason, topic) WHERE lifted_us = 0;
CREATE INDEX suppressions_at ON suppressions (at_us, id);
CREATE INDEX suppressions_address ON suppressions (address, id);
CREATE INDEX suppressions_contact ON suppressions (contact_id) WHERE contact_id IS NOT NULL;

-- Only ever added to.
CREATE TABLE consents (
    id         BIGINT PRIMARY KEY,
    contact_id BIGINT REFERENCES contacts (id),
    address    TEXT   NOT NULL,
    topic      TEXT   NOT NULL,
    given      BIGINT NOT NULL,
    at_us      BIGINT NOT NULL,
    source     TEXT   NOT NULL,
    wording    TEXT   NOT NULL,
    proof      TEXT   NOT NULL,
    staff_id   BIGINT REFERENCES staff (id)
);
CREATE INDEX consents_address ON consents (address, id);
CREATE INDEX consents_contact ON consents (contact_id) WHERE contact_id IS NOT NULL;

-- Keys that sign our mail, by domain: made, in use, retired.
CREATE TABLE dkim_keys (
    id         BIGINT PRIMARY KEY,
    domain     TEXT   NOT NULL,
    selector   TEXT   NOT NULL,
    algorithm  TEXT   NOT NULL,           -- rsa, ed25519
    public     BYTEA  NOT NULL,
    secret     BYTEA,                     -- sealed; NULL once it is retired
    created_us BIGINT NOT NULL,
    active_us  BIGINT NOT NULL DEFAULT 0, -- 0: waits until DNS shows it
    retired_us BIGINT NOT NULL DEFAULT 0,
    UNIQUE (domain, selector)
);

-- How much a provider takes from a sender, as learned: kept over restarts.
CREATE TABLE paces (
    sender_id BIGINT NOT NULL REFERENCES senders (id),
    provider  TEXT   NOT NULL,
    state     TEXT   NOT NULL, -- JSON
    at_us     BIGINT NOT NULL,
    PRIMARY KEY (sender_id, provider)
) /* clustered */;

-- How many mails a domain that warms up has sent to a provider on a day (of
-- UTC, counted from 1970).
CREATE TABLE warm_ups (
    domain   TEXT   NOT NULL,
    provider TEXT   NOT NULL,
    day      BIGINT NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (domain, provider, day)
) /* clustered */;
CREATE INDEX warm_ups_day ON warm_ups (day);

-- Work that one process owns at a time. The token only grows and no row is
-- ever deleted.
CREATE TABLE leases (
    kind       TEXT   NOT NULL,
    id         BIGINT NOT NULL,
    owner      TEXT   NOT NULL,
    token      BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
) /* clustered */;

-- Where the links of a mailing lead; a click goes nowhere else.
CREATE TABLE mailing_links (
    mailing_id BIGINT NOT NULL REFERENCES mailings (id),
    n          BIGINT NOT NULL, -- from 1
    url        TEXT   NOT NULL,
    PRIMARY KEY (mailing_id, n)
) /* clustered */;

-- Requests for the links of a mail, by people and by scanners. dispatch_events
-- has what they come to.
CREATE TABLE visits (
    dispatch_id BIGINT NOT NULL REFERENCES dispatches (id),
    n           BIGINT NOT NULL,
    link        BIGINT NOT NULL,
    method      TEXT   NOT NULL,
    agent       TEXT   NOT NULL,
    prefetch    BIGINT NOT NULL,
    visitor     BIGINT NOT NULL,            -- keyed hash of the network address
    at_us       BIGINT NOT NULL,
    machine     TEXT   NOT NULL DEFAULT '', -- why it is a scanner's
    PRIMARY KEY (dispatch_id, n)
) /* clustered */;
