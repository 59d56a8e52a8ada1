package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// wishVisible is the policy for wishes: one that quotes a mail is for those who
// may see that mail, any other for every colleague. Its arguments are appended
// to args, see [visible].
func wishVisible(v crm.Viewer, args []any) (condition string, all []any) {
	mail, all := visible(v, args)
	return `(w.message_id IS NULL OR EXISTS (SELECT 1 FROM messages m WHERE m.id = w.message_id AND ` + mail + `))`, all
}

// The columns of a wish in a list, and where they stand.
const (
	wishColumns = `w.id, w.customer_id, COALESCE(w.contact_id, 0), COALESCE(w.message_id, 0), w.place, COALESCE(w.note_id, 0), w.quote, w.kind, w.topic, COALESCE(w.product_id, 0), w.job, w.force, w.strength,
w.state, w.reason, w.from_day, w.until_day, COALESCE(w.staff_id, 0), COALESCE(w.asked_id, 0), w.at_us, w.changed_us, w.done_us,
cu.name, COALESCE(ct.name, ''), COALESCE(st.name, ''), COALESCE(sa.name, ''), COALESCE(p.name, ''), COALESCE(ly.rung, ''), COALESCE(ly.value, 0), cu.last_us`
	wishTables = `wishes w JOIN customers cu ON cu.id = w.customer_id LEFT JOIN contacts ct ON ct.id = w.contact_id LEFT JOIN staff st ON st.id = w.staff_id LEFT JOIN staff sa ON sa.id = w.asked_id
LEFT JOIN products p ON p.id = w.product_id LEFT JOIN loyalty ly ON ly.customer_id = w.customer_id`
)

func scanWish(r *sql.Rows, w *crm.WishRow) error {
	var at, changed, done, last int64
	err := r.Scan(&w.ID, &w.Customer, &w.Contact, &w.Message, &w.Place, &w.Note, &w.Quote, &w.Kind, &w.Topic, &w.Product, &w.Job, &w.Force, &w.Strength,
		&w.State, &w.Reason, &w.NotBefore, &w.ExpiresOn, &w.Staff, &w.Asked, &at, &changed, &done,
		&w.CustomerName, &w.ContactName, &w.StaffName, &w.AskedName, &w.ProductName, &w.Rung, &w.Value, &last)
	w.At, w.Changed, w.Done, w.LastSeen = fromMicros(at), fromMicros(changed), fromMicros(done), fromMicros(last)
	return err
}

// Wish gives a wish; one that the viewer may not see is as one that is not there.
func (s *Store) Wish(ctx context.Context, v crm.Viewer, id crm.WishID) (w crm.WishRow, steps []crm.WishStep, err error) {
	err = s.view(ctx, func(x *tx) error {
		if w, err = x.wish(v, id); err != nil {
			return err
		}
		rows, err := x.query(`SELECT h.state, h.reason, COALESCE(st.name, ''), h.at_us FROM wish_steps h LEFT JOIN staff st ON st.id = h.staff_id WHERE h.wish_id = $1 ORDER BY h.n`, int64(id))
		steps, err = collect(rows, err, func(r *sql.Rows, p *crm.WishStep) error {
			var at int64
			err := r.Scan(&p.State, &p.Reason, &p.Staff, &at)
			p.At = fromMicros(at)
			return err
		})
		return err
	})
	return w, steps, err
}

func (x *tx) wish(v crm.Viewer, id crm.WishID) (crm.WishRow, error) {
	condition, args := wishVisible(v, []any{int64(id)})
	rows, err := x.query(`SELECT `+wishColumns+` FROM `+wishTables+` WHERE w.id = $1 AND `+condition, args...)
	list, err := collect(rows, err, scanWish)
	if err == nil && (len(list) == 0 || !mayRead(v)) {
		err = crm.NotFound("no wish has the number %d", id)
	}
	if err != nil {
		return crm.WishRow{}, err
	}
	return list[0], nil
}

// Wishes lists the wishes that the viewer may see, the newest first, and gives
// the key of the next page, zero at the end.
func (s *Store) Wishes(ctx context.Context, v crm.Viewer, q crm.WishQuery) (list []crm.WishRow, next crm.PageKey, err error) {
	words := distinct(crm.Tokens(q.Text))
	if !mayRead(v) || len(words) == 0 && strings.TrimSpace(q.Text) != "" {
		return nil, next, nil
	}
	limit := pageLimit(q.Limit, 50)
	err = s.view(ctx, func(x *tx) error {
		if q.Customer != 0 {
			c, err := x.customer(q.Customer)
			if err != nil {
				return err
			}
			q.Customer = c.ID
		}
		where, args := wishWhere(v, q, words)
		args = append(args, limit+1)
		rows, err := x.query(`SELECT `+wishColumns+` FROM `+wishTables+` WHERE `+where+` ORDER BY w.at_us DESC, w.id DESC LIMIT $`+strconv.Itoa(len(args)), args...)
		list, err = collect(rows, err, scanWish)
		return err
	})
	list, next = paged(list, limit, func(e *crm.WishRow) crm.PageKey { return crm.PageKey{At: e.At, ID: int64(e.ID)} })
	return list, next, err
}

// wishWhere makes the condition of a query.
func wishWhere(v crm.Viewer, q crm.WishQuery, words []string) (where string, args []any) {
	at, id := after(q.After)
	where, args = wishVisible(v, []any{at, id})
	where = `(w.at_us, w.id) < ($1, $2) AND ` + where
	arg := func(value any) string {
		args = append(args, value)
		return `$` + strconv.Itoa(len(args))
	}
	if q.Customer != 0 {
		where += ` AND w.customer_id = ` + arg(int64(q.Customer))
	}
	if q.Topic != "" {
		where += ` AND w.topic_key = ` + arg(crm.TopicKey(q.Topic))
	}
	if q.Kind != "" {
		where += ` AND w.kind = ` + arg(string(q.Kind))
	}
	if len(q.States) > 0 {
		where += ` AND w.state IN (` + list(q.States, arg) + `)`
	}
	for _, word := range words[:min(len(words), maxQueryWords)] {
		where += ` AND w.id IN (SELECT s.wish_id FROM wish_words s WHERE s.word >= ` + arg(word) + ` AND s.word < ` + arg(word+"\U0010FFFF") + `)`
	}
	return where, args
}

// WishTopics sums what is open by topic, the largest first: how many wishes, of
// how many customers, and what these customers weigh and are worth. Praise and
// switches are no wishes to be met and are left out.
func (s *Store) WishTopics(ctx context.Context, v crm.Viewer, by crm.TopicOrder, limit int) (out []crm.TopicWishes, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	order, ok := map[crm.TopicOrder]string{crm.TopicsByWeight: "6", crm.TopicsByValue: "7", crm.TopicsByCount: "3"}[by]
	if !ok {
		return nil, crm.Invalid("order", "%q is none of weight, value, count", by)
	}
	var args []any
	arg := func(value any) string {
		args = append(args, value)
		return `$` + strconv.Itoa(len(args))
	}
	open := list(crm.OpenWishStates, arg)
	facts := list([]crm.WishKind{crm.WishPraise, crm.WishSwitch}, arg)
	today := arg(int64(crm.DayOf(s.now())))
	condition, args := wishVisible(v, args)
	weight := `CASE COALESCE(ly.rung, '')`
	for _, r := range crm.Rungs {
		weight += ` WHEN '` + string(r) + `' THEN ` + strconv.Itoa(r.Weight())
	}
	weight += ` ELSE ` + strconv.Itoa(crm.Rung("").Weight()) + ` END`
	args = append(args, pageLimit(limit, 100))
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT t.topic_key, max(t.topic), CAST(sum(t.wishes) AS BIGINT), count(*), count(CASE WHEN ly.rung IN ('LOYAL', 'ADVOCATE') THEN 1 END),
CAST(sum(`+weight+`) AS BIGINT), CAST(sum(COALESCE(ly.value, 0)) AS BIGINT)
FROM (SELECT w.topic_key, w.customer_id, max(w.topic) AS topic, count(*) AS wishes FROM wishes w WHERE w.state IN (`+open+`) AND w.kind NOT IN (`+facts+`) AND (w.until_day = 0 OR w.until_day >= `+today+`) AND `+condition+` GROUP BY w.topic_key, w.customer_id) AS t
LEFT JOIN loyalty ly ON ly.customer_id = t.customer_id GROUP BY t.topic_key ORDER BY `+order+` DESC, 1 LIMIT $`+strconv.Itoa(len(args)), args...)
		out, err = collect(rows, err, func(r *sql.Rows, t *crm.TopicWishes) error {
			var key string
			return r.Scan(&key, &t.Topic, &t.Wishes, &t.Customers, &t.Loyal, &t.Weight, &t.Value)
		})
		return err
	})
	return out, err
}

// WishProposals lists what mails that the viewer may see say, of a customer or of
// all with 0, and nobody has decided about: the newest mail first.
func (s *Store) WishProposals(ctx context.Context, v crm.Viewer, customer crm.CustomerID, limit int) (out []crm.WishProposal, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		out, err = x.wishProposals(v, customer, 0, limit)
		return err
	})
	return out, err
}

// wishProposals reads proposals: all, a customer's, or one. A saying is its
// author's; in a mail of a stranger that a colleague gave to one customer, that
// one's.
func (x *tx) wishProposals(v crm.Viewer, customer crm.CustomerID, id crm.WishID, limit int) ([]crm.WishProposal, error) {
	condition, args := visible(v, nil)
	arg := func(value any) string {
		args = append(args, value)
		return `$` + strconv.Itoa(len(args))
	}
	if customer != 0 {
		condition += ` AND c.customer_id = ` + arg(int64(customer))
	}
	if id != 0 {
		condition += ` AND s.id = ` + arg(int64(id))
	}
	rows, err := x.query(`SELECT s.id, s.kind, s.quote, s.place, s.from_day, c.customer_id, cu.name, c.id, c.name, m.id, m.subject, m.at_us
FROM sayings s JOIN messages m ON m.id = s.message_id JOIN links l ON l.message_id = m.id JOIN contacts c ON c.id = l.contact_id JOIN customers cu ON cu.id = c.customer_id
WHERE s.decided_us = 0 AND `+condition+` AND (EXISTS (SELECT 1 FROM participants a JOIN contact_addresses u ON u.address_id = a.address_id WHERE a.message_id = m.id AND a.role = 'from' AND u.contact_id = c.id)
OR NOT EXISTS (SELECT 1 FROM links o JOIN contacts k ON k.id = o.contact_id WHERE o.message_id = m.id AND k.customer_id <> c.customer_id))
ORDER BY m.at_us DESC, m.id DESC, s.place, s.id, c.id LIMIT `+arg(2*limit), args...)
	if err != nil {
		return nil, err
	}
	var out []crm.WishProposal
	err = scanAll(rows, func(r *sql.Rows) error {
		var p crm.WishProposal
		var at int64
		err := r.Scan(&p.ID, &p.Kind, &p.Quote, &p.Place, &p.NotBefore, &p.Customer, &p.CustomerName, &p.Contact, &p.ContactName, &p.Message, &p.Subject, &at)
		p.At = fromMicros(at)
		if n := len(out); err != nil || n == limit || n > 0 && out[n-1].ID == p.ID { // two contacts with one address
			return err
		}
		out = append(out, p)
		return nil
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return out, x.proposeTopics(out)
}

// maxTopics bounds the topics that are looked for in a quote.
const maxTopics = 500

// proposeTopics names the known topics and groups of products that quotes speak
// of, of several the longest.
func (x *tx) proposeTopics(ps []crm.WishProposal) error {
	known, err := column[string](x, `SELECT t.topic FROM (SELECT topic_key AS k, max(topic) AS topic FROM wishes WHERE topic_key <> '' GROUP BY topic_key UNION SELECT name AS k, name AS topic FROM product_groups) AS t ORDER BY t.k LIMIT $1`, maxTopics)
	if err != nil {
		return err
	}
	for i := range ps {
		words := crm.Tokens(ps[i].Quote)
		for _, topic := range known {
			if len(topic) > len(ps[i].Topic) && speaksOf(words, crm.Tokens(topic)) {
				ps[i].Topic = topic
			}
		}
	}
	return nil
}

// speaksOf reports that each word of a topic begins a word of a quote: languages
// that inflect do so at the end.
func speaksOf(quote, topic []string) bool {
	for _, t := range topic {
		stem := t
		if len(stem) > 4 { // the last letter may change: maja, majoja
			stem = stem[:len(stem)-1]
		}
		if !slices.ContainsFunc(quote, func(w string) bool { return strings.HasPrefix(w, stem) && len(w) <= len(t)+5 }) {
			return false
		}
	}
	return len(topic) > 0
}

// RecommendedBy gives by whose word the contacts of a customer came.
func (s *Store) RecommendedBy(ctx context.Context, v crm.Viewer, customer crm.CustomerID) (out []crm.Recommendation, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT r.contact_id, r.by_id, b.name, b.customer_id, r.at_us FROM contacts c JOIN recommendations r ON r.contact_id = c.id JOIN contacts b ON b.id = r.by_id WHERE c.customer_id = $1 ORDER BY r.contact_id`, int64(customer))
		out, err = collect(rows, err, func(r *sql.Rows, p *crm.Recommendation) error {
			var at int64
			err := r.Scan(&p.Contact, &p.By, &p.ByName, &p.Customer, &at)
			p.At = fromMicros(at)
			return err
		})
		return err
	})
	return out, err
}

// voicesBefore reads the wishes of a customer, what they answered in surveys, and
// what came from them by the public form.
func (x *tx) voicesBefore(v crm.Viewer, c crm.CustomerID, page crm.PageKey, limit int) ([]entry, error) {
	where, args := wishWhere(v, crm.WishQuery{Customer: c, After: page}, nil)
	args = append(args, string(crm.WishDismissed), limit)
	rows, err := x.query(`SELECT `+wishColumns+` FROM `+wishTables+` WHERE `+where+` AND w.state <> $`+strconv.Itoa(len(args)-1)+` ORDER BY w.at_us DESC, w.id DESC LIMIT $`+strconv.Itoa(len(args)), args...)
	wishes, err := collect(rows, err, scanWish)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, w := range wishes {
		out = append(out, entry{at: micros(w.At), id: int64(w.ID), contact: int64(w.Contact), name: w.ContactName, item: crm.TimelineItem{Kind: "wish", Wish: &w, Staff: w.StaffName}})
	}
	at, id := after(page)
	rows, err = x.query(`SELECT v.id, s.name, s.kind, v.score, v.words, c.customer_id, c.name, v.at_us FROM contacts c JOIN votes v ON v.contact_id = c.id JOIN surveys s ON s.id = v.survey_id
WHERE c.customer_id = $1 AND (v.at_us, v.id) < ($2, $3) ORDER BY v.at_us DESC, v.id DESC LIMIT $4`, int64(c), at, id, limit)
	votes, err := collect(rows, err, scanVote)
	if err != nil {
		return nil, err
	}
	for _, w := range votes {
		out = append(out, entry{at: micros(w.At), id: w.ID, name: w.Contact, item: crm.TimelineItem{Kind: "vote", Vote: &w}})
	}
	rows, err = x.query(`SELECT `+feedbackColumns+` FROM contacts c JOIN feedback f ON f.contact_id = c.id WHERE c.customer_id = $1 AND (f.at_us, f.id) < ($2, $3) ORDER BY f.at_us DESC, f.id DESC LIMIT $4`, int64(c), at, id, limit)
	said, err := collect(rows, err, scanFeedback)
	for _, f := range said {
		out = append(out, entry{at: micros(f.At), id: f.ID, name: f.Name, item: crm.TimelineItem{Kind: "feedback", Feedback: &f}})
	}
	return out, err
}
