package store

import (
	"context"
	"database/sql"
	"errors"

	"kaveri/crm"
)

// AddTag puts a tag on a customer, and gives it as it is shown: as it was first
// written, by whomever. One that is there already stays as it is.
func (s *Store) AddTag(ctx context.Context, v crm.Viewer, id crm.CustomerID, tag string) (shown string, err error) {
	if !mayRead(v) {
		return "", errNobody
	}
	key, name, err := crm.ParseTag(tag)
	if err != nil {
		return "", err
	}
	err = s.write(ctx, func(x *tx) error {
		c, err := x.customer(id)
		if err != nil {
			return err
		}
		if len(c.Tags) >= crm.MaxTags {
			return crm.Invalid("tag", "a customer has at most %d tags; remove one first", crm.MaxTags)
		}
		if err := x.exec(`INSERT INTO tags (tag, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, key, name); err != nil {
			return err
		}
		if err := x.row(`SELECT name FROM tags WHERE tag = $1`, key).Scan(&shown); err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "tag", Customer: c.ID})
		return x.exec(`INSERT INTO customer_tags (customer_id, tag, staff_id, at_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, int64(c.ID), key, orNull(v.Staff), micros(s.now()))
	})
	return shown, err
}

// RemoveTag takes a tag from a customer. One that is not there is an error of kind
// [crm.KindNotFound].
func (s *Store) RemoveTag(ctx context.Context, v crm.Viewer, id crm.CustomerID, tag string) error {
	if !mayRead(v) {
		return errNobody
	}
	key, name, err := crm.ParseTag(tag)
	if err != nil {
		return err
	}
	return s.write(ctx, func(x *tx) error {
		c, err := x.customer(id)
		if err != nil {
			return err
		}
		n, err := x.changed(`DELETE FROM customer_tags WHERE customer_id = $1 AND tag = $2`, int64(c.ID), key)
		if err == nil && n == 0 {
			err = crm.Of("tag", crm.NotFound("%s does not have the tag %q", c.Name, name))
		}
		if err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "tag", Customer: c.ID})
		return x.exec(`DELETE FROM tags WHERE tag = $1 AND NOT EXISTS (SELECT 1 FROM customer_tags t WHERE t.tag = tags.tag)`, key)
	})
}

// Tags lists the tags in use and how many customers have each, by name.
func (s *Store) Tags(ctx context.Context, v crm.Viewer) (out []crm.Tag, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT g.name, count(*) FROM tags g JOIN customer_tags t ON t.tag = g.tag JOIN customers c ON c.id = t.customer_id WHERE c.merged_into = 0 GROUP BY g.tag, g.name ORDER BY g.tag`)
		out, err = collect(rows, err, func(r *sql.Rows, t *crm.Tag) error { return r.Scan(&t.Name, &t.Customers) })
		return err
	})
	return out, err
}

// Tag gives a tag as it is shown; one that nobody has is an error of kind
// [crm.KindNotFound].
func (s *Store) Tag(ctx context.Context, v crm.Viewer, tag string) (shown string, err error) {
	if !mayRead(v) {
		return "", errNobody
	}
	key, name, err := crm.ParseTag(tag)
	if err != nil {
		return "", err
	}
	err = s.view(ctx, func(x *tx) error {
		err := x.row(`SELECT name FROM tags WHERE tag = $1`, key).Scan(&shown)
		if errors.Is(err, sql.ErrNoRows) {
			err = crm.Of("tag", crm.NotFound("nobody has the tag %q", name))
		}
		return err
	})
	return shown, err
}

// tagsOf gives the tags of customers as they are shown.
func (x *tx) tagsOf(customers []int64) (map[crm.CustomerID][]string, error) {
	out := map[crm.CustomerID][]string{}
	return out, each(x, `SELECT t.customer_id, g.name FROM customer_tags t JOIN tags g ON g.tag = t.tag WHERE t.customer_id IN (IN) ORDER BY t.customer_id, t.tag`, nil, customers, func(r *sql.Rows) error {
		var id crm.CustomerID
		var name string
		err := r.Scan(&id, &name)
		out[id] = append(out[id], name)
		return err
	})
}

// newTags gives the tags that a customer would gain from another one.
func (x *tx) newTags(keep, other crm.CustomerID) ([]string, error) {
	return column[string](x, `SELECT t.tag FROM customer_tags t WHERE t.customer_id = $1 AND NOT EXISTS (SELECT 1 FROM customer_tags k WHERE k.customer_id = $2 AND k.tag = t.tag) ORDER BY t.tag`, int64(other), int64(keep))
}

// giveTags puts tags of one customer on another one as well: the first one keeps
// them, for the day on which the merge is undone.
func (x *tx) giveTags(keep, other crm.CustomerID, tags []string) error {
	for _, t := range tags {
		if err := x.exec(`INSERT INTO customer_tags (customer_id, tag, staff_id, at_us) SELECT $1, tag, staff_id, at_us FROM customer_tags WHERE customer_id = $2 AND tag = $3 ON CONFLICT DO NOTHING`, int64(keep), int64(other), t); err != nil {
			return err
		}
	}
	return nil
}
