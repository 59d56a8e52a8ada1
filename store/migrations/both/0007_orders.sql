-- +goose Up

-- Files and batches of orders, so that each can be taken back.
CREATE TABLE order_imports (
    id        BIGINT PRIMARY KEY,
    source    TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    staff_id  BIGINT REFERENCES staff (id),
    added     BIGINT NOT NULL DEFAULT 0,
    replaced  BIGINT NOT NULL DEFAULT 0,
    at_us     BIGINT NOT NULL,
    undone_us BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE product_groups (
    id       BIGINT PRIMARY KEY,
    name     TEXT   NOT NULL UNIQUE,
    name_key TEXT   NOT NULL -- folded
);

CREATE TABLE products (
    id       BIGINT PRIMARY KEY,
    sku      TEXT   NOT NULL UNIQUE,
    name     TEXT   NOT NULL,
    name_key TEXT   NOT NULL, -- folded
    group_id BIGINT REFERENCES product_groups (id)
);
CREATE INDEX products_name ON products (name_key);
CREATE INDEX products_group ON products (group_id) WHERE group_id IS NOT NULL;

-- Offers and coupons, by the code that orders bear.
CREATE TABLE offers (
    id   BIGINT PRIMARY KEY,
    code TEXT   NOT NULL UNIQUE
);

-- Whom shops have under which number.
CREATE TABLE buyers (
    source     TEXT   NOT NULL,
    number     TEXT   NOT NULL,
    contact_id BIGINT NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (number, source)             -- the number first: it is asked for in all sources at once
) /* clustered */;
CREATE INDEX buyers_contact ON buyers (contact_id);

-- Amounts are in ten-thousandths; value and refunded in the firm's currency.
CREATE TABLE orders (
    id            BIGINT PRIMARY KEY,
    source        TEXT   NOT NULL,
    number        TEXT   NOT NULL,
    customer_id   BIGINT REFERENCES customers (id),
    contact_id    BIGINT REFERENCES contacts (id),
    rule          TEXT   NOT NULL,
    evidence      TEXT   NOT NULL,
    buyer_number  TEXT   NOT NULL,
    buyer_name    TEXT   NOT NULL,
    buyer_address TEXT   NOT NULL,
    buyer_key     TEXT   NOT NULL,           -- its canonical form
    buyer_phone   TEXT   NOT NULL,
    at_us         BIGINT NOT NULL,
    day           BIGINT NOT NULL,           -- in the firm's time zone, from 1970-01-01
    state         TEXT   NOT NULL,
    currency      TEXT   NOT NULL,
    total         BIGINT NOT NULL,
    discount      BIGINT NOT NULL,
    full_price    BIGINT NOT NULL,           -- 1: it has neither a discount nor an offer
    value         BIGINT NOT NULL,
    refunded      BIGINT NOT NULL DEFAULT 0, -- the values of what refunds it, summed
    refunds       TEXT   NOT NULL,           -- the number of what it refunds
    refunds_id    BIGINT,                    -- that order, which may have come later
    import_id     BIGINT REFERENCES order_imports (id),
    digest        BYTEA  NOT NULL,
    changed_us    BIGINT NOT NULL,
    UNIQUE (number, source)                  -- the number first: mail names it without its source
);
-- What segments count of each customer's orders stands in the index beside the key.
CREATE INDEX orders_customer ON orders (customer_id, at_us, id, state, value, refunded, full_price);
CREATE INDEX orders_contact ON orders (contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX orders_at ON orders (at_us, id);
CREATE INDEX orders_discount ON orders (id) WHERE discount > 0;
CREATE INDEX orders_nobody ON orders (id) WHERE customer_id IS NULL;
CREATE INDEX orders_buyer ON orders (buyer_key) WHERE buyer_key <> '';
CREATE INDEX orders_refunds ON orders (refunds, source) WHERE refunds <> '';
CREATE INDEX orders_refunds_id ON orders (refunds_id) WHERE refunds_id IS NOT NULL;
CREATE INDEX orders_import ON orders (import_id) WHERE import_id IS NOT NULL;

CREATE TABLE order_lines (
    order_id   BIGINT NOT NULL REFERENCES orders (id),
    n          BIGINT NOT NULL,
    product_id BIGINT NOT NULL REFERENCES products (id),
    quantity   BIGINT NOT NULL, -- thousandths
    total      BIGINT NOT NULL,
    discount   BIGINT NOT NULL,
    PRIMARY KEY (order_id, n)
) /* clustered */;
CREATE INDEX order_lines_product ON order_lines (product_id, order_id, total);

CREATE TABLE order_offers (
    order_id BIGINT NOT NULL REFERENCES orders (id),
    offer_id BIGINT NOT NULL REFERENCES offers (id),
    PRIMARY KEY (order_id, offer_id)
) /* clustered */;
CREATE INDEX order_offers_offer ON order_offers (offer_id);

-- Contacts that an import has made, so that they can go with it.
CREATE TABLE import_contacts (
    import_id  BIGINT NOT NULL REFERENCES order_imports (id),
    contact_id BIGINT NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (import_id, contact_id)
) /* clustered */;

-- What an import has replaced, as it was, so that it can be put back.
CREATE TABLE order_versions (
    order_id      BIGINT NOT NULL REFERENCES orders (id),
    import_id     BIGINT NOT NULL REFERENCES order_imports (id),
    was_import_id BIGINT REFERENCES order_imports (id), -- that it was of
    was           TEXT   NOT NULL, -- JSON
    PRIMARY KEY (order_id, import_id)
) /* clustered */;
CREATE INDEX order_versions_was ON order_versions (was_import_id) WHERE was_import_id IS NOT NULL;

-- What one unit of a currency is worth in the firm's, in billionths, from a day on.
CREATE TABLE rates (
    currency TEXT   NOT NULL,
    from_day BIGINT NOT NULL,
    rate     BIGINT NOT NULL,
    PRIMARY KEY (currency, from_day)
) /* clustered */;
