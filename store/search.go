package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

// maxRanked bounds the mails that are ranked: of a word that stands in more of
// them, the ones stored last. Ranking costs a look at every match. When the
// viewer may see too few of them, more are ranked.
const maxRanked = 2000

// Search finds mails that the viewer may see, the best first. It fails with
// [crm.KindInvalid] on field "search" when the query has no word. A mail the
// viewer may not see takes no place in the answer.
func (s *Store) Search(ctx context.Context, v crm.Viewer, query string, limit int) ([]crm.SearchHit, error) {
	terms, err := parseQuery(query)
	if err != nil {
		return nil, err
	}
	if !mayRead(v) {
		return nil, nil
	}
	limit = pageLimit(limit, 50)
	var hits []crm.SearchHit
	err = s.view(ctx, func(x *tx) error {
		ids, ranks, err := x.found(v, s.engine.matchQuery(terms), limit)
		if err != nil {
			return err
		}
		hits, err = x.searchHits(ids, ranks, newMarker(terms))
		return err
	})
	return hits, err
}

// found asks the index for more than is wanted and drops what the viewer may
// not see, and asks for more still when too little remains.
func (x *tx) found(v crm.Viewer, match string, limit int) (ids []int64, ranks map[int64]float64, err error) {
	for n, ranked := limit+16, maxRanked; ; {
		rows, err := x.query(x.s.engine.match, match, ranked, n)
		if err != nil {
			return nil, nil, err
		}
		var all []int64
		ranks = map[int64]float64{}
		if err := scanAll(rows, func(r *sql.Rows) error {
			var id int64
			var rank float64
			err := r.Scan(&id, &rank)
			all, ranks[id] = append(all, id), rank
			return err
		}); err != nil {
			return nil, nil, err
		}
		seen, err := x.seenBy(v, all)
		if err != nil {
			return nil, nil, err
		}
		ids = ids[:0]
		for _, id := range all {
			if seen[id] && len(ids) < limit {
				ids = append(ids, id)
			}
		}
		switch {
		case len(ids) == limit || len(all) < min(n, ranked):
			return ids, ranks, nil
		case len(all) == ranked:
			ranked *= 4
		}
		n *= 4
	}
}

// seenBy tells which of these mails the viewer may see.
func (x *tx) seenBy(v crm.Viewer, ids []int64) (map[int64]bool, error) {
	seen := make(map[int64]bool, len(ids))
	condition, args := visible(v, nil)
	err := each(x, `SELECT m.id FROM messages m WHERE `+condition+` AND m.id IN (IN)`, args, ids, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		seen[id] = true
		return err
	})
	return seen, err
}

func (x *tx) searchHits(ids []int64, ranks map[int64]float64, m *marker) ([]crm.SearchHit, error) {
	mails, err := x.mailRows(ids)
	if err != nil {
		return nil, err
	}
	files, customers := map[int64][]string{}, map[int64][]crm.CustomerRef{}
	if err := each(x, `SELECT message_id, name FROM attachments WHERE message_id IN (IN) ORDER BY message_id, part`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		files[id] = append(files[id], name)
		return err
	}); err != nil {
		return nil, err
	}
	if err := each(x, `SELECT DISTINCT l.message_id, c.id, c.name FROM links l JOIN contacts ct ON ct.id = l.contact_id JOIN customers c ON c.id = ct.customer_id
WHERE l.message_id IN (IN) ORDER BY l.message_id, c.id`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var c crm.CustomerRef
		err := r.Scan(&id, &c.ID, &c.Name)
		customers[id] = append(customers[id], c)
		return err
	}); err != nil {
		return nil, err
	}
	hits := make([]crm.SearchHit, 0, len(ids))
	for _, id := range ids {
		h := crm.SearchHit{MailRow: *mails[id], Customers: customers[id], Rank: ranks[id]}
		if h.Snippet, err = x.snippet(m, &h.MailRow, files[id]); err != nil {
			return nil, err
		}
		hits = append(hits, h)
	}
	return hits, nil
}

// snippet shows the first hit in its place: in the text, else in the subject,
// a name, or the name of a file; else the mail's first words.
func (x *tx) snippet(m *marker, row *crm.MailRow, files []string) ([]crm.SnippetPart, error) {
	var packed []byte
	if err := x.row(`SELECT body FROM messages WHERE id = $1`, int64(row.ID)).Scan(&packed); err != nil {
		return nil, err
	}
	body, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	texts := []string{string(body[:min(len(body), maxIndexed)]), row.Subject}
	for _, p := range append([]crm.Party{row.From}, row.To...) {
		texts = append(texts, p.Name+" <"+string(p.Address)+">")
	}
	for _, t := range append(texts, files...) {
		if parts := m.snippet(t); parts != nil {
			return parts, nil
		}
	}
	return []crm.SnippetPart{{Text: row.Preview}}, nil
}
