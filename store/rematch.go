package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"kaveri/crm"
)

// This file applies the rules again to mail that is stored, when what they rest
// on has changed: who uses an address, a confirmed domain, a colleague's word,
// or a mail that others answer.

// remember keeps what later mails of the batch may ask about the one at hand.
func (b *batch) remember(id int64, messageID string, links []crm.Link) {
	b.hand.id, b.hand.n = id, len(b.stored)
	for _, l := range links {
		b.hand.people = append(b.hand.people, int64(l.Contact))
	}
	b.stored[id] = b.hand
	if _, taken := b.byID[messageID]; !taken && messageID != "" {
		b.byID[messageID] = id
	}
}

// maxRounds bounds how often a change in a thread is carried on to the mails
// that answer the mails that changed: a thread is settled after as many rounds
// as it has mails that prove each other, two or three; rules that never agree
// must not keep the one writer for ever.
var maxRounds = 100

// follow carries on what this batch has changed to mails that were decided
// before. The batch is written.
func (b *batch) follow() error {
	ids, err := b.affected()
	for round := 0; err == nil && len(ids) > 0; round++ {
		if round == maxRounds {
			b.x.s.log.Warn("where some mails belong does not come to rest; kaveri rematch decides it anew", "mails", len(ids), "first", ids[0])
			return nil
		}
		var again *batch
		if again, err = b.x.rematch(ids, b.now); err != nil {
			return err
		}
		for c := range again.touched {
			b.touched[c] = true
		}
		ids, err = again.affected()
	}
	return err
}

// finish writes what a colleague's change has changed, tells of it, and notes
// what is to be decided anew: that may be much, so it is done in transactions of its own
// ([Store.decideStale]).
func (b *batch) finish() error {
	if err := b.flush(); err != nil {
		return err
	}
	b.x.tellOf(b.touched)
	ids, err := b.affected()
	if err != nil {
		return err
	}
	return b.x.markStale(ids)
}

func (x *tx) markStale(ids []int64) error {
	rows := make([]any, len(ids))
	for i, id := range ids {
		rows[i] = id
	}
	return x.insert(`INSERT INTO stale (message_id) VALUES `, 1, rows, ` ON CONFLICT DO NOTHING`)
}

// affected lists the mails whose place this batch may have changed after they
// were decided: those that name an address whose use changed, and those that
// hang on a thread.
func (b *batch) affected() ([]int64, error) {
	var ids []int64
	note := func(id int64, since int) {
		if d := b.stored[id]; d == nil || d.n < since {
			ids = append(ids, id)
		}
	}
	err := each(b.x, `SELECT DISTINCT p.message_id, a.canonical FROM addresses a JOIN participants p ON p.address_id = a.id WHERE a.canonical IN (IN)`, nil, sortedKeys(b.changed), func(r *sql.Rows) error {
		var id int64
		var form crm.Address
		if err := r.Scan(&id, &form); err != nil {
			return err
		}
		note(id, b.changed[form])
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Whoever gains or loses an address gains or loses the phones that it signs with.
	err = each(b.x, `SELECT DISTINCT m.id, a.canonical FROM addresses a JOIN signed_details d ON d.address_id = a.id AND d.kind = 'phone' JOIN signed_details o ON o.kind = 'phone' AND o.key = d.key
JOIN participants p ON p.address_id = o.address_id AND p.role = 'from' JOIN messages m ON m.id = p.message_id WHERE `+astray+` AND a.canonical IN (IN)`, nil, sortedKeys(b.changed), func(r *sql.Rows) error {
		var id int64
		var form crm.Address
		if err := r.Scan(&id, &form); err != nil {
			return err
		}
		note(id, b.changed[form])
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each(b.x, `SELECT id, conversation_id FROM messages WHERE loose = 1 AND conversation_id IN (IN)`, nil, sortedKeys(b.grown), func(r *sql.Rows) error {
		var id, c int64
		if err := r.Scan(&id, &c); err != nil {
			return err
		}
		note(id, b.grown[c])
		return nil
	})
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// storedMail is a mail as the rules see it when they look again.
type storedMail struct {
	crm.Facts
	id, conversation int64
	loose, private   bool
	read             bool // by ingest/enrich, after it was stored
	direction        crm.Direction
	links            map[int64]crm.Link // contact -> link
	open             []question         // what colleagues are asked about it
}

// rematch decides again where these mails belong, and writes what has changed.
// What it gives back knows what else may be affected.
func (x *tx) rematch(ids []int64, now time.Time) (*batch, error) {
	b, mails, err := x.reopen(ids, now)
	if err != nil {
		return nil, err
	}
	if err := b.lookUpCorrections(ids); err != nil {
		return nil, err
	}
	if mails, err = b.expel(mails); err != nil {
		return nil, err
	}
	open, err := x.openAbout(ids)
	if err != nil {
		return nil, err
	}
	for _, m := range mails {
		m.open = open[m.id]
		if err := b.redecide(m); err != nil {
			return nil, err
		}
	}
	if err := b.flush(); err != nil { // the newest mail is found among written links
		return nil, err
	}
	for _, c := range sortedKeys(b.lost) {
		if err := x.recomputeLast(crm.CustomerID(c)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// reopen reads these mails with what the rules ask about them.
func (x *tx) reopen(ids []int64, now time.Time) (*batch, []*storedMail, error) {
	b, err := x.newBatch(now)
	if err != nil {
		return nil, nil, err
	}
	// They are kept, whatever the policy: only where they belong is asked.
	b.firm.Policy = crm.PolicyAll
	mails, err := x.storedMails(ids, &b.firm)
	if err != nil {
		return nil, nil, err
	}
	var envelopes []*crm.Envelope
	var threads []string
	for _, m := range mails {
		envelopes = append(envelopes, m.Envelope)
		if more := mentioned(&crm.Message{Forwarded: m.Forwarded, Bounced: m.Bounced}); more != nil {
			envelopes = append(envelopes, more)
		}
		threads = append(threads, threadIDs(m.Envelope)...)
	}
	if err := b.lookUpPeople(envelopes); err != nil {
		return nil, nil, err
	}
	return b, mails, b.lookUpThreads(threads)
}

// take makes a mail the one at hand.
func (b *batch) take(m *storedMail) {
	b.hand = &decided{author: m.Author().Address, text: func() (string, error) { return b.x.messageText(m.id) }}
}

// redecide applies the rules to one mail again and writes the difference.
func (b *batch) redecide(m *storedMail) error {
	b.take(m)
	if c, ok := b.moved[m.id]; ok { // with one that it answers
		m.conversation = c
	}
	v := crm.Decide(&b.firm, &m.Facts, b)
	admitted := false
	for _, p := range v.Newcomers {
		if p.Customer == 0 {
			continue // two-way mail makes customers when it comes
		}
		if err := b.admit(p, ""); err != nil {
			return err
		}
		admitted = true
	}
	if admitted {
		v = crm.Decide(&b.firm, &m.Facts, b)
	}
	if b.err != nil {
		return b.err
	}
	b.remember(m.id, m.MessageID, v.Links)
	changed, err := b.relink(m, v.Links)
	if err != nil {
		return err
	}
	if err := b.rethread(m, v.Unproven); err != nil {
		return err
	}
	if changed {
		b.grown[b.root(m.conversation)] = len(b.stored)
	}
	if d := b.direction(m.Envelope); d != m.direction || v.Loose != m.loose {
		for _, l := range m.links {
			b.x.mark(int64(l.Customer))
		}
		// Theirs is read again after this, ours is not.
		if err := b.x.exec(`UPDATE messages SET loose = $1, language = CASE WHEN direction = $2 THEN language ELSE '' END, direction = $3 WHERE id = $4`, flag(v.Loose), string(d), string(d), m.id); err != nil {
			return err
		}
	}
	if changed && m.read { // else it is asked when it is read, and capture need not wait for it
		if err := b.proposeTwin(m); err != nil {
			return err
		}
	}
	for _, c := range v.Candidates {
		b.touched[int64(c.Customer)] = true
	}
	if err := b.settleReviews(m, &v); err != nil {
		return err
	}
	return b.propose(m.id, m.Envelope, &v)
}

// relink writes the difference between the links that are and those that
// should be.
func (b *batch) relink(m *storedMail, links []crm.Link) (changed bool, err error) {
	at := micros(m.At)
	want := map[int64]bool{}
	for _, l := range links {
		c := int64(l.Contact)
		want[c] = true
		was, ok := m.links[c]
		if ok && was.Rule == l.Rule && was.Evidence == cut(l.Evidence, 1000) && units(was.Confidence) == units(l.Confidence) {
			continue
		}
		changed = true
		if err := b.placed(c, at, m.private); err != nil {
			return changed, err
		}
		if ok {
			err = b.x.exec(`UPDATE links SET rule = $1, evidence = $2, confidence = $3 WHERE contact_id = $4 AND at_us = $5 AND message_id = $6`,
				string(l.Rule), cut(l.Evidence, 1000), units(l.Confidence), c, at, m.id)
		} else {
			b.links = append(b.links, c, at, m.id, string(l.Rule), cut(l.Evidence, 1000), units(l.Confidence))
		}
		if err != nil {
			return changed, err
		}
	}
	for _, c := range sortedKeys(m.links) {
		if want[c] {
			continue
		}
		changed = true
		customer := int64(m.links[c].Customer)
		b.lost[customer], b.touched[customer] = true, true
		b.x.mark(customer)
		if err := b.x.exec(`DELETE FROM links WHERE contact_id = $1 AND at_us = $2 AND message_id = $3`, c, at, m.id); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// placed notes that a mail of that time has come to a contact's timeline.
func (b *batch) placed(contact, at int64, private bool) error {
	customer, ok := b.customers[contact]
	if !ok {
		if err := b.x.row(`SELECT customer_id FROM contacts WHERE id = $1`, contact).Scan(&customer); err != nil {
			return err
		}
		b.customers[contact] = customer
	}
	b.touched[customer] = true
	b.x.mark(customer)
	if !private { // the order of the customers must not tell of it
		b.last[customer] = max(b.last[customer], at)
	}
	return nil
}

// storedMails reads mails with their links, the oldest first.
func (x *tx) storedMails(ids []int64, firm *crm.Firm) ([]*storedMail, error) {
	byID := make(map[int64]*storedMail, len(ids))
	mails := make([]*storedMail, 0, len(ids))
	err := each(x, `SELECT id, conversation_id, message_id, at_us, direction, class, subject, private, loose, language <> '', details FROM messages WHERE id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		m := &storedMail{links: map[int64]crm.Link{}}
		m.Envelope = &crm.Envelope{}
		var at, private, loose int64
		var j string
		if err := r.Scan(&m.id, &m.conversation, &m.MessageID, &at, &m.direction, &m.Class, &m.Subject, &private, &loose, &m.read, &j); err != nil {
			return err
		}
		var d details
		if err := json.Unmarshal([]byte(j), &d); err != nil {
			return err
		}
		m.At, m.private, m.loose, m.Mail = fromMicros(at), private != 0, loose != 0, crm.MessageID(m.id)
		m.InReplyTo, m.References, m.Forged = d.InReplyTo, d.References, firm.Forged(d.Auth)
		if byID[m.id] == nil {
			byID[m.id] = m
			mails = append(mails, m)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each(x, `SELECT p.message_id, p.role, p.name, a.address, p.written FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.message_id IN (IN) ORDER BY p.message_id, p.n`, nil, ids, func(r *sql.Rows) error {
		var id int64
		p, err := scanParticipant(r, &id)
		if err != nil {
			return err
		}
		switch m := byID[id]; p.Role {
		case crm.RoleForwarded:
			m.Forwarded = append(m.Forwarded, p.Party)
		case crm.RoleBounced:
			m.Bounced = append(m.Bounced, p.Address)
		default:
			m.Add(p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each(x, `SELECT l.message_id, l.contact_id, c.customer_id, l.rule, l.evidence, l.confidence FROM links l JOIN contacts c ON c.id = l.contact_id WHERE l.message_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var l crm.Link
		var confidence int64
		if err := r.Scan(&l.Message, &l.Contact, &l.Customer, &l.Rule, &l.Evidence, &confidence); err != nil {
			return err
		}
		l.Confidence = float64(confidence) / confidenceUnit
		byID[int64(l.Message)].links[int64(l.Contact)] = l
		return nil
	})
	slices.SortFunc(mails, func(a, b *storedMail) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return int(a.id - b.id)
	})
	return mails, err
}

// Stale mails are decided in chunks, so that others can write between them.
const staleChunk = 2000

// decideStale decides anew what a change has made stale, and says whose
// timelines have changed.
func (s *Store) decideStale(ctx context.Context) error {
	for {
		var left bool
		err := s.write(ctx, func(x *tx) error {
			ids, err := column[int64](x, `SELECT message_id FROM stale ORDER BY message_id LIMIT $1`, staleChunk)
			left = len(ids) > 0 // what is removed makes others stale
			if err != nil || !left {
				return err
			}
			b, err := x.rematch(ids, s.now())
			if err != nil {
				return err
			}
			if err := b.follow(); err != nil {
				return err
			}
			x.tellOf(b.touched)
			return each(x, `DELETE FROM stale WHERE message_id IN (IN)`, nil, ids, func(*sql.Rows) error { return nil })
		})
		if err != nil {
			return err
		}
		if !left {
			break
		}
	}
	if s.untidy.Load() { // mail was removed
		return s.Tidy(ctx)
	}
	return nil
}

// Rematch applies the rules to every stored mail again. Nothing changes unless
// they are not what they were: who wants to be sure may run it at any time.
func (s *Store) Rematch(ctx context.Context) error {
	if err := s.write(ctx, (*tx).allStale); err != nil {
		return err
	}
	return s.decideStale(ctx)
}

// allStale notes every mail. QUIRK: behind a SELECT without WHERE SQLite reads
// ON as that of a join; so there is a condition, which holds for all.
func (x *tx) allStale() error {
	return x.exec(`INSERT INTO stale (message_id) SELECT id FROM messages WHERE id > 0 ON CONFLICT DO NOTHING`)
}
