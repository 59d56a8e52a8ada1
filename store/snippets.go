package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

// Snippets lists the texts that colleagues put into mails, by name.
func (s *Store) Snippets(ctx context.Context, v crm.Viewer) (list []crm.Snippet, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT id, name, body, COALESCE(staff_id, 0), changed_us FROM snippets ORDER BY sort_key, id`)
		list, err = collect(rows, err, func(r *sql.Rows, t *crm.Snippet) error {
			var changed int64
			err := r.Scan(&t.ID, &t.Name, &t.Text, &t.Staff, &changed)
			t.Changed = fromMicros(changed)
			return err
		})
		return err
	})
	return list, err
}

// SaveSnippet keeps a text: a new one when its ID is 0. Every colleague may. A
// name that another text has is refused with [crm.KindConflict].
func (s *Store) SaveSnippet(ctx context.Context, v crm.Viewer, t crm.Snippet) (crm.Snippet, error) {
	if !mayRead(v) {
		return t, errNobody
	}
	if err := t.Validate(); err != nil {
		return t, err
	}
	fresh := t.ID == 0
	err := s.write(ctx, func(x *tx) error {
		key := crm.SortKey(t.Name)
		var taken int64
		if err := x.row(`SELECT count(*) FROM snippets WHERE sort_key = $1 AND id <> $2`, key, int64(t.ID)).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return &crm.Error{Kind: crm.KindConflict, Field: "name", Text: "another text has this name; choose a different one"}
		}
		if fresh {
			id, err := x.id()
			if err != nil {
				return err
			}
			t.ID = crm.SnippetID(id)
			return x.exec(`INSERT INTO snippets (id, name, sort_key, body, staff_id, changed_us) VALUES ($1, $2, $3, $4, $5, $6)`, id, clean(t.Name, crm.MaxSnippetName), key, clean(t.Text, crm.MaxSnippet), orNull(v.Staff), micros(s.now()))
		}
		n, err := x.changed(`UPDATE snippets SET name = $1, sort_key = $2, body = $3, staff_id = $4, changed_us = $5 WHERE id = $6`, clean(t.Name, crm.MaxSnippetName), key, clean(t.Text, crm.MaxSnippet), orNull(v.Staff), micros(s.now()), int64(t.ID))
		if err == nil && n == 0 {
			err = noSnippet(t.ID)
		}
		return err
	})
	return t, err
}

// RemoveSnippet deletes a text. What was written with it stays.
func (s *Store) RemoveSnippet(ctx context.Context, v crm.Viewer, id crm.SnippetID) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		n, err := x.changed(`DELETE FROM snippets WHERE id = $1`, int64(id))
		if err == nil && n == 0 {
			err = noSnippet(id)
		}
		return err
	})
}

func noSnippet(id crm.SnippetID) error { return crm.NotFound("no text has the number %d", id) }
