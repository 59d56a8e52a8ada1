-- +goose Up

-- The vector is made in Go from the same tokens that SQLite indexes.
CREATE TABLE search (
    id     BIGINT PRIMARY KEY,
    vector TSVECTOR NOT NULL
);
CREATE INDEX search_vector ON search USING GIN (vector);
