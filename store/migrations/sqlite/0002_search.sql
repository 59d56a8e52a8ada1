-- +goose Up

-- The text is folded into tokens in Go (crm.AppendTokens), so that the plain
-- ascii tokenizer, which keeps bytes above 127 inside tokens, sees the same
-- words as PostgreSQL. Contentless: the text itself stands in messages.
CREATE VIRTUAL TABLE search USING fts5 (
    subject, people, body, files,
    content='', contentless_delete=1, tokenize='ascii'
);
-- Merging segments less often costs a search little and a first sync less.
INSERT INTO search (search, rank) VALUES ('automerge', 16);
