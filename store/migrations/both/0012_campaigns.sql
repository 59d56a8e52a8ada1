-- +goose Up

CREATE TABLE campaigns (
    id          BIGINT PRIMARY KEY,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL UNIQUE,     -- folded
    state       TEXT   NOT NULL,            -- draft, scheduled, running, paused, finished, cancelled
    reason      TEXT   NOT NULL DEFAULT '', -- why it is paused, for people
    version     BIGINT NOT NULL,            -- the newest
    staff_id    BIGINT REFERENCES staff (id),
    created_us  BIGINT NOT NULL,
    changed_us  BIGINT NOT NULL,
    frozen_us   BIGINT NOT NULL DEFAULT 0,  -- when its audience was first frozen
    launched_us BIGINT NOT NULL DEFAULT 0,
    looked_us   BIGINT NOT NULL DEFAULT 0,  -- when people were last taken in
    ended_us    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX campaigns_state ON campaigns (state, id);

CREATE TABLE campaign_versions (
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    version     BIGINT NOT NULL,
    plan        TEXT   NOT NULL, -- JSON
    staff_id    BIGINT REFERENCES staff (id),
    at_us       BIGINT NOT NULL,
    launched_us BIGINT NOT NULL DEFAULT 0, -- from then on it never changes
    PRIMARY KEY (campaign_id, version)
) /* clustered */;

-- One row for each customer in a campaign, with the next thing to be done.
CREATE TABLE members (
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    round       BIGINT NOT NULL,             -- from 1; higher when a campaign takes people in again
    contact_id  BIGINT REFERENCES contacts (id), -- who gets the mail; none: nobody can
    address     TEXT   NOT NULL,
    arm         TEXT   NOT NULL,             -- treated, held-out, left-out
    variant     BIGINT NOT NULL DEFAULT 0,   -- of an A/B/n test, from 0
    version     BIGINT NOT NULL,
    writer_id   BIGINT REFERENCES staff (id), -- in whose name
    rung        TEXT   NOT NULL,             -- when they came in
    timing      TEXT   NOT NULL,
    before      BIGINT NOT NULL,             -- value in the time before, in ten-thousandths
    state       TEXT   NOT NULL,             -- waiting, done, left
    step        TEXT   NOT NULL,             -- the next one
    due_us      BIGINT NOT NULL,
    code        TEXT   NOT NULL DEFAULT '',  -- why it is where it is: the reason's code, to count by
    reason      TEXT   NOT NULL,             -- and all of it
    why         TEXT   NOT NULL,             -- JSON: rule, consent, person, writer, as they were
    entered_us  BIGINT NOT NULL,
    exposed_us  BIGINT NOT NULL DEFAULT 0,   -- the first mail, or when it would have been
    left_us     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_id, customer_id, round)
) /* clustered */;
CREATE INDEX members_due ON members (campaign_id, due_us, customer_id) WHERE state = 'waiting';
CREATE INDEX members_step ON members (campaign_id, state, step, due_us, customer_id);
CREATE INDEX members_customer ON members (customer_id, campaign_id);
CREATE INDEX members_contact ON members (contact_id) WHERE contact_id IS NOT NULL;

-- What was done with members.
CREATE TABLE touches (
    id          BIGINT PRIMARY KEY,
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    customer_id BIGINT NOT NULL REFERENCES customers (id),
    round       BIGINT NOT NULL,
    step        TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    kind        TEXT   NOT NULL, -- sent, would-send, put-off, left-out, moved, left
    code        TEXT   NOT NULL DEFAULT '', -- of the reason
    reason      TEXT   NOT NULL,
    dispatch_id BIGINT REFERENCES dispatches (id),
    at_us       BIGINT NOT NULL
);
CREATE INDEX touches_member ON touches (customer_id, campaign_id, round, at_us, id);
CREATE INDEX touches_campaign ON touches (campaign_id, step, kind);
CREATE INDEX touches_dispatch ON touches (dispatch_id) WHERE dispatch_id IS NOT NULL;

-- What a mailing of a campaign is.
CREATE TABLE campaign_mailings (
    mailing_id  BIGINT PRIMARY KEY REFERENCES mailings (id),
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    version     BIGINT NOT NULL,
    step        TEXT   NOT NULL,
    variant     BIGINT NOT NULL,
    language    TEXT   NOT NULL,
    writer_id   BIGINT NOT NULL              -- 0: the firm
);
CREATE INDEX campaign_mailings_campaign ON campaign_mailings (campaign_id, step, version);

-- The clock of a contact, where it is not the firm's.
CREATE TABLE contact_zones (
    contact_id BIGINT PRIMARY KEY REFERENCES contacts (id),
    zone       TEXT   NOT NULL -- IANA
);
