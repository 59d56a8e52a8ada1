package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"kaveri/crm"
)

// enlistBatch is how many recipients go onto the ledger in one transaction.
const enlistBatch = 512

// AddMailing makes a mailing, as a draft that nobody claims, and puts its
// recipients on the ledger, some at a time: however many they are, no more than
// a few are in memory. With the ID of a draft it goes on with that one: whoever
// is on the ledger already stays there once, so a list that was cut short is
// given again as a whole.
//
// report, which may be nil, hears of every recipient who will get no mail or no
// second one, when that is durable. An error of the list itself ends it; what
// came before is kept.
func (s *Store) AddMailing(ctx context.Context, v crm.Viewer, m crm.Mailing, recipients iter.Seq2[crm.Recipient, error], report func(crm.RecipientReport)) (crm.Mailing, crm.Enlisted, error) {
	var sum crm.Enlisted
	if !mayRead(v) {
		return m, sum, errNobody
	}
	err := s.draft(ctx, v, &m)
	if err != nil || recipients == nil {
		return m, sum, err
	}
	batch := make([]crm.Recipient, 0, enlistBatch)
	for r, err := range recipients {
		if err != nil {
			return m, sum, err
		}
		if batch = append(batch, r); len(batch) == cap(batch) {
			if err := s.enlist(ctx, &m, batch, &sum, report); err != nil {
				return m, sum, err
			}
			batch = batch[:0]
		}
	}
	return m, sum, s.enlist(ctx, &m, batch, &sum, report)
}

// draft makes the mailing, or reads the one that is gone on with.
func (s *Store) draft(ctx context.Context, v crm.Viewer, m *crm.Mailing) error {
	if m.ID != 0 {
		is, err := s.ReadMailing(ctx, v, m.ID)
		if err != nil {
			return err
		}
		if is.State != crm.MailingDraft {
			return crm.Of("mailing", crm.Conflict("the mailing is %s; recipients are added to a draft only", is.State))
		}
		*m = is.Mailing
		return nil
	}
	if !v.System {
		m.Staff = v.Staff
	}
	if err := m.Validate(); err != nil {
		return err
	}
	err := s.write(ctx, func(x *tx) error {
		if m.Sender != 0 {
			var n int
			if err := x.row(`SELECT count(*) FROM senders WHERE id = $1 AND removed_us = 0`, int64(m.Sender)).Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				return crm.Invalid("sender", "no sender has the number %d", m.Sender)
			}
		}
		return x.putMailing(m)
	})
	if err == nil {
		s.mailingsChanged([]crm.MailingID{m.ID})
	}
	return err
}

// enlist puts recipients on the ledger in one transaction.
func (s *Store) enlist(ctx context.Context, m *crm.Mailing, batch []crm.Recipient, sum *crm.Enlisted, report func(crm.RecipientReport)) error {
	if len(batch) == 0 {
		return nil
	}
	var added crm.Enlisted
	var reports []crm.RecipientReport
	err := s.write(ctx, func(x *tx) error {
		e := enlisting{x: x, m: m, now: s.now(), seen: map[crm.Address]int64{}, persons: map[int64]int64{}}
		err := e.all(batch)
		added, reports = e.sum, e.reports
		return err
	})
	if err != nil {
		return err
	}
	sum.Queued += added.Queued
	sum.Suppressed += added.Suppressed
	sum.Duplicates += added.Duplicates
	sum.Invalid += added.Invalid
	if report != nil {
		for _, r := range reports {
			report(r)
		}
	}
	return nil
}

// enlisting is one transaction's worth of recipients.
type enlisting struct {
	x       *tx
	m       *crm.Mailing
	now     time.Time
	seen    map[crm.Address]int64  // address -> dispatch of this mailing
	persons map[int64]int64        // contact -> dispatch
	known   map[crm.Address]int64  // address -> the one contact that uses it
	stopped map[crm.Address]string // address -> why it is suppressed
	places  map[int64]int64        // contact -> days since they wrote to us or bought
	sum     crm.Enlisted
	reports []crm.RecipientReport

	dispatches, recipients []any
}

func (e *enlisting) all(batch []crm.Recipient) error {
	valid := make([]crm.Recipient, 0, len(batch))
	for _, r := range batch {
		a, err := crm.ParseAddress(string(r.Address))
		if err != nil {
			e.sum.Invalid++
			e.report(r, crm.RecipientInvalid, 0, err.Error())
			continue
		}
		r.Address = a
		valid = append(valid, r)
	}
	if err := e.lookUp(valid); err != nil {
		return err
	}
	var running bool
	if err := e.x.row(`SELECT state <> 'draft' FROM mailings WHERE id = $1`, int64(e.m.ID)).Scan(&running); err != nil {
		return err
	}
	if running {
		return crm.Of("mailing", crm.Conflict("the mailing was started meanwhile; recipients are added to a draft only"))
	}
	for _, r := range valid {
		if err := e.add(r); err != nil {
			return err
		}
	}
	return e.write()
}

// lookUp reads what is known of the recipients: on the ledger, contacts,
// suppressions.
func (e *enlisting) lookUp(batch []crm.Recipient) error {
	addresses := make([]string, len(batch))
	for i, r := range batch {
		addresses[i] = string(r.Address)
	}
	e.known, e.stopped = map[crm.Address]int64{}, map[crm.Address]string{}
	if err := e.lookUpContacts(addresses); err != nil {
		return err
	}
	if err := each(e.x, `SELECT s.address, min(s.reason) FROM suppressions s JOIN mailings m ON m.id = $1 WHERE s.lifted_us = 0 AND s.address IN (IN) AND `+stops+` GROUP BY s.address`,
		[]any{int64(e.m.ID)}, addresses, func(r *sql.Rows) error {
			var a crm.Address
			var reason string
			err := r.Scan(&a, &reason)
			e.stopped[a] = reason
			return err
		}); err != nil {
		return err
	}
	var contacts []int64
	for i := range batch {
		r := &batch[i]
		if r.Contact == 0 {
			r.Contact = crm.ContactID(e.known[r.Address])
		}
		if r.Contact != 0 {
			contacts = append(contacts, int64(r.Contact))
		}
	}
	if err := e.lookUpPlaces(distinct(contacts)); err != nil {
		return err
	}
	return e.lookUpListed(addresses, contacts)
}

// lookUpListed finds which of these addresses and contacts the mailing has already.
func (e *enlisting) lookUpListed(addresses []string, contacts []int64) error {
	// + 0: while PostgreSQL has not looked at a table that grows it takes the
	// mailing for the rarer of the two, and reads all of it.
	if err := each(e.x, `SELECT address, dispatch_id FROM recipients WHERE mailing_id + 0 = $1 AND address IN (IN)`, []any{int64(e.m.ID)}, addresses, func(r *sql.Rows) error {
		var a crm.Address
		var id int64
		err := r.Scan(&a, &id)
		e.seen[a] = id
		return err
	}); err != nil {
		return err
	}
	return each(e.x, `SELECT contact_id, dispatch_id FROM recipients WHERE mailing_id + 0 = $1 AND contact_id IN (IN)`, []any{int64(e.m.ID)}, distinct(contacts), func(r *sql.Rows) error {
		var c, id int64
		err := r.Scan(&c, &id)
		e.persons[c] = id
		return err
	})
}

// lookUpContacts finds whose the addresses are now. One that several people
// share is nobody's.
func (e *enlisting) lookUpContacts(addresses []string) error {
	now := micros(e.now)
	return each(e.x, `SELECT a.address, min(u.contact_id), count(*), max(u.shared) FROM addresses a JOIN contact_addresses u ON u.address_id = a.id JOIN contacts c ON c.id = u.contact_id
WHERE c.merged_into = 0 AND u.from_us <= $1 AND (u.until_us = 0 OR u.until_us > $1) AND a.address IN (IN) GROUP BY a.address`, []any{now}, addresses, func(r *sql.Rows) error {
		var a crm.Address
		var contact, n, shared int64
		if err := r.Scan(&a, &contact, &n, &shared); err != nil {
			return err
		}
		if n == 1 && shared == 0 {
			e.known[a] = contact
		}
		return nil
	})
}

// strangers have this place: behind all who have written or bought.
const strangers = 100_000

// lookUpPlaces finds how many days ago contacts wrote to us, or bought, last:
// while a domain warms up, those who did lately are written to first.
func (e *enlisting) lookUpPlaces(contacts []int64) error {
	e.places = map[int64]int64{}
	return each(e.x, `SELECT c.id, COALESCE((SELECT l.at_us FROM links l JOIN messages m ON m.id = l.message_id WHERE l.contact_id = c.id AND m.direction = $1 AND m.class = $2 ORDER BY l.at_us DESC, l.message_id DESC LIMIT 1), 0),
COALESCE((SELECT o.at_us FROM orders o WHERE o.customer_id = c.customer_id AND o.state = $3 AND o.refunds = '' ORDER BY o.at_us DESC, o.id DESC LIMIT 1), 0)
FROM contacts c WHERE c.id IN (IN)`, []any{string(crm.In), string(crm.ClassHuman), string(crm.OrderPlaced)}, contacts, func(r *sql.Rows) error {
		var id, wrote, bought int64
		err := r.Scan(&id, &wrote, &bought)
		if last := max(wrote, bought); last > 0 {
			e.places[id] = min(max(int64(e.now.Sub(fromMicros(last)).Hours()/24), 0), strangers-1)
		}
		return err
	})
}

// add puts one recipient on the ledger, or says why not.
func (e *enlisting) add(r crm.Recipient) error {
	if id, ok := e.seen[r.Address]; ok {
		e.sum.Duplicates++
		e.report(r, crm.RecipientDuplicate, id, "this address is on the list already")
		return nil
	}
	if id, ok := e.persons[int64(r.Contact)]; ok && r.Contact != 0 {
		e.sum.Duplicates++
		e.report(r, crm.RecipientSamePerson, id, "this person is on the list already, with another address")
		return nil
	}
	id, err := e.x.id()
	if err != nil {
		return err
	}
	e.seen[r.Address] = id
	if r.Contact != 0 {
		e.persons[int64(r.Contact)] = id
	}
	state := crm.Queued
	reason, stopped := e.stopped[r.Address]
	if stopped {
		state = crm.Suppressed
		e.sum.Suppressed++
		e.report(r, crm.RecipientSuppressed, id, "this address is not to be written to: "+reason)
	} else {
		e.sum.Queued++
	}
	fields := ""
	if len(r.Fields) > 0 {
		b, err := json.Marshal(r.Fields)
		if err != nil {
			return fmt.Errorf("the fields of row %d: %w", r.Row, err)
		}
		fields = string(b)
	}
	due := e.m.Start
	if due.IsZero() {
		due = e.m.Created
	}
	place, known := e.places[int64(r.Contact)]
	if !known {
		place = strangers
	}
	e.dispatches = append(e.dispatches, id, int64(e.m.ID), string(state), micros(due), place, 0, micros(e.now), reason)
	e.recipients = append(e.recipients, id, int64(e.m.ID), orNull(r.Contact), string(r.Address), clean(r.Name, 300), fields)
	return nil
}

func (e *enlisting) report(r crm.Recipient, what crm.RecipientOutcome, id int64, text string) {
	e.reports = append(e.reports, crm.RecipientReport{Row: r.Row, Address: r.Address, Outcome: what, Dispatch: crm.DispatchID(id), Text: text})
}

// recipientCols are the columns of a recipient; the contact is the third.
const recipientCols = 6

func (e *enlisting) write() error {
	if err := e.spareHeldOut(); err != nil {
		return err
	}
	if err := e.x.insert(`INSERT INTO dispatches (id, mailing_id, state, due_us, place, expires_us, changed_us, reason) VALUES `, 8, e.dispatches, ``); err != nil {
		return err
	}
	if err := e.x.insert(`INSERT INTO recipients (dispatch_id, mailing_id, contact_id, address, name, fields) VALUES `, recipientCols, e.recipients, ``); err != nil {
		return err
	}
	g := e.x.steps()
	g.counts[count{int64(e.m.ID), crm.Queued}] = int64(e.sum.Queued)
	g.counts[count{int64(e.m.ID), crm.Suppressed}] = int64(e.sum.Suppressed)
	return g.finish()
}

// spareHeldOut refuses to put anybody on the ledger whom a campaign holds out,
// whoever asks for it: every row of the ledger is written here.
func (e *enlisting) spareHeldOut() error {
	if e.m.Kind != crm.MailingCampaign {
		return nil
	}
	var contacts []int64
	for i := 2; i < len(e.recipients); i += recipientCols {
		if id, ok := e.recipients[i].(int64); ok {
			contacts = append(contacts, id)
		}
	}
	// + 0: by the contact, not by the campaign, which may have very many members.
	return each(e.x, `SELECT b.customer_id FROM members b WHERE b.campaign_id + 0 = (SELECT k.campaign_id FROM campaign_mailings k WHERE k.mailing_id = $1) AND b.arm = $2 AND b.contact_id IN (IN)`,
		[]any{int64(e.m.ID), string(crm.ArmHeldOut)}, contacts, func(r *sql.Rows) error {
			var id int64
			if err := r.Scan(&id); err != nil {
				return err
			}
			return crm.Forbidden("customer %d is held out of the campaign and gets none of its mails", id)
		})
}
