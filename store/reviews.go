package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"kaveri/crm"
)

// The statement that adds to the queue. What rules have settled may come up
// again; what a colleague has decided may not. What is open is asked for the
// reason that counts now; that two are called alike gives way to what shows more.
const (
	reviewCols = 11
	reviewHead = `INSERT INTO reviews (id, mark, kind, message_id, contact_id, other_id, subject, reason, evidence, state, at_us) VALUES `
	reviewTail = ` ON CONFLICT (mark) DO UPDATE SET state = 'open', message_id = excluded.message_id, reason = excluded.reason, evidence = excluded.evidence
WHERE reviews.state = 'settled' OR reviews.state = 'open' AND (reviews.kind = 'mail' AND (reviews.evidence <> excluded.evidence OR reviews.reason <> excluded.reason) OR reviews.kind = 'merge' AND reviews.reason = 'same-name')`
)

// review puts something before the colleagues.
func (b *batch) review(r crm.Review) error {
	if b.asked[r.Mark()] {
		return nil
	}
	b.asked[r.Mark()] = true
	id, err := b.x.id()
	if err != nil {
		return err
	}
	b.reviewRows = append(b.reviewRows, id, r.Mark(), string(r.Kind), orNull(r.Message), orNull(r.Contact), orNull(r.Other), r.Subject, string(r.Reason), cut(r.Evidence, 1000), string(crm.ReviewOpen), micros(b.now))
	return nil
}

// ask writes the batch's questions, and tells of them when one is new.
func (b *batch) ask() error {
	n, err := b.x.inserted(reviewHead, reviewCols, b.reviewRows, reviewTail)
	if err != nil || n == 0 {
		return err
	}
	about := make([]crm.MessageID, 0, len(b.reviewRows)/reviewCols)
	for i := 3; i < len(b.reviewRows); i += reviewCols {
		message, _ := b.reviewRows[i].(int64) // or NULL
		about = append(about, crm.MessageID(message))
	}
	return b.x.tellQuestions(about...)
}

// tellQuestions tells that questions about these mails (0: about none) were
// opened or closed. Of one about a private mail only those learn who may see it.
func (x *tx) tellQuestions(about ...crm.MessageID) error {
	private := map[crm.MessageID]bool{}
	err := each(x, `SELECT id FROM messages WHERE private = 1 AND id IN (IN)`, nil, distinct(about), func(r *sql.Rows) error {
		var id crm.MessageID
		err := r.Scan(&id)
		private[id] = true
		return err
	})
	for _, m := range about {
		if !private[m] {
			m = 0
		}
		x.tell(crm.Event{Kind: "question", Message: m})
	}
	return err
}

func orNull[T ~int64](id T) any {
	if id == 0 {
		return nil
	}
	return int64(id)
}

// propose puts before the colleagues what a verdict leaves to them: where the
// mail belongs, and addresses that a thread has shown to be a contact's.
func (b *batch) propose(message int64, e *crm.Envelope, v *crm.Verdict) error {
	for _, c := range v.Candidates {
		if err := b.review(crm.Review{Kind: crm.ReviewMail, Message: crm.MessageID(message), Contact: c.Contact, Reason: c.Reason, Evidence: c.Evidence}); err != nil {
			return err
		}
	}
	for _, l := range v.Links {
		author := e.Author().Address
		if l.Rule != crm.RuleThread || b.firm.Internal(author) || e.Class != crm.ClassHuman || author.LooksRobotic() {
			continue
		}
		if err := b.review(crm.Review{Kind: crm.ReviewAddress, Message: crm.MessageID(message), Contact: l.Contact, Subject: string(author), Reason: l.Rule, Evidence: l.Evidence}); err != nil {
			return err
		}
	}
	return nil
}

// question is an open question about a mail: does it belong to this contact?
type question struct{ id, contact int64 }

// openAbout reads what is open about these mails.
func (x *tx) openAbout(messages []int64) (map[int64][]question, error) {
	open := map[int64][]question{}
	err := each(x, `SELECT message_id, id, contact_id FROM reviews WHERE kind = 'mail' AND state = 'open' AND message_id IN (IN) ORDER BY id`, nil, messages, func(r *sql.Rows) error {
		var m int64
		var q question
		if err := r.Scan(&m, &q.id, &q.contact); err != nil {
			return err
		}
		open[m] = append(open[m], q)
		return nil
	})
	return open, err
}

// settleReviews closes the questions about a mail that are none any more.
func (b *batch) settleReviews(m *storedMail, v *crm.Verdict) error {
	for _, q := range m.open {
		if slices.ContainsFunc(v.Candidates, func(c crm.Candidate) bool { return int64(c.Contact) == q.contact }) {
			continue
		}
		if err := b.x.exec(`UPDATE reviews SET state = 'settled' WHERE id = $1`, q.id); err != nil {
			return err
		}
		if err := b.x.tellQuestions(m.Mail); err != nil {
			return err
		}
	}
	return nil
}

// proposeNamesake asks whether a new contact and one who is called alike are
// the same human.
func (b *batch) proposeNamesake(name string, contact int64) error {
	key := nameKey(name)
	if key == "" {
		return nil
	}
	others, err := column[int64](b.x, `SELECT id FROM contacts WHERE name_key = $1 AND name_key <> '' AND merged_into = 0 AND id <> $2 ORDER BY id LIMIT $3`, key, contact, maxNamesakes+1)
	if err != nil || len(others) > maxNamesakes {
		return err
	}
	for _, o := range others {
		if err := b.review(crm.Review{Kind: crm.ReviewMerge, Contact: crm.ContactID(o), Other: crm.ContactID(contact), Subject: cut(name, 300), Reason: crm.ReasonName, Evidence: name}); err != nil {
			return err
		}
	}
	return nil
}

// proposeOrganisation asks whether a new customer and another one with the same
// domain are of one organisation.
func (b *batch) proposeOrganisation(a crm.Address, contact, customer int64) error {
	domain := a.Organisation()
	q := crm.Review{Kind: crm.ReviewOrganisation, Contact: crm.ContactID(contact), Subject: domain, Reason: crm.ReasonDomain, Evidence: fmt.Sprintf("%s, and others at %s", a, domain)}
	if domain == "" || b.domains[domain] != 0 || b.asked[q.Mark()] {
		return nil
	}
	err := b.x.row(`SELECT c.id FROM addresses a JOIN contact_addresses u ON u.address_id = a.id JOIN contacts c ON c.id = u.contact_id WHERE a.domain = $1 AND a.domain <> '' AND c.customer_id <> $2 ORDER BY a.id LIMIT 1`, domain, customer).Scan(&q.Other)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.review(q)
}
