package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"kaveri/crm"
)

// This file removes mail for good: its rows here, its bytes in erase.go. What it
// has shown and somebody has taken over (an accepted phone, the fate of a
// dispatch) stays, without naming the mail.

// forget removes mails, and has decided anew what rested on them. Their customers
// are told.
func (b *batch) forget(mails []*storedMail) error {
	if len(mails) == 0 {
		return nil
	}
	ids := make([]int64, len(mails))
	var threads []int64
	for i, m := range mails {
		ids[i] = m.id
		threads = append(threads, b.root(m.conversation))
		for c := range m.links {
			customer := int64(m.links[c].Customer)
			b.lost[customer], b.touched[customer] = true, true
			b.x.mark(customer)
		}
	}
	phones, signers, err := b.x.shownBy(ids)
	if err != nil {
		return err
	}
	addresses, err := b.x.idsIn(`SELECT DISTINCT address_id FROM participants WHERE message_id IN (IN)`, ids)
	if err != nil {
		return err
	}
	if err := b.x.withdraw(ids); err != nil {
		return err
	}
	if err := b.x.removeMails(ids); err != nil {
		return err
	}
	if err := b.dissolve(distinct(threads)); err != nil {
		return err
	}
	if err := b.dropAddresses(distinct(addresses)); err != nil {
		return err
	}
	// What others sign is read again: another mail may show the same.
	if err := each(b.x, `UPDATE messages SET language = '' WHERE direction = 'in' AND class = 'human' AND id IN (SELECT message_id FROM participants WHERE role = 'from' AND address_id IN (IN))`, nil, signers, nothing); err != nil {
		return err
	}
	return b.phonesChanged(phones)
}

func nothing(*sql.Rows) error { return nil }

// shownBy gives the phones that are known by these mails, and the addresses of
// whatever their signatures show.
func (x *tx) shownBy(ids []int64) (phones []string, addresses []int64, err error) {
	err = each(x, `SELECT address_id, kind, key FROM signed_details WHERE message_id IN (IN) ORDER BY id`, nil, ids, func(r *sql.Rows) error {
		var a int64
		var kind crm.DetailKind
		var key string
		if err := r.Scan(&a, &kind, &key); err != nil {
			return err
		}
		if addresses = append(addresses, a); kind == crm.DetailPhone {
			phones = append(phones, key)
		}
		return nil
	})
	return distinct(phones), distinct(addresses), err
}

// withdraw takes back the questions that these mails have raised. Those about an
// address are asked again when another mail raises them too; answers stay.
func (x *tx) withdraw(ids []int64) error {
	var about []crm.MessageID
	var addresses []string
	if err := each(x, `SELECT message_id, kind, subject FROM reviews WHERE state = 'open' AND message_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var m crm.MessageID
		var kind crm.ReviewKind
		var subject string
		err := r.Scan(&m, &kind, &subject)
		if about = append(about, m); kind == crm.ReviewAddress {
			addresses = append(addresses, subject)
		}
		return err
	}); err != nil {
		return err
	}
	if err := x.tellQuestions(distinct(about)...); err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM reviews WHERE (kind = 'mail' OR state IN ('open', 'settled')) AND message_id IN (IN)`,
		`UPDATE reviews SET message_id = NULL, evidence = '' WHERE message_id IN (IN)`,
	} {
		if err := each(x, q, nil, ids, nothing); err != nil {
			return err
		}
	}
	return each(x, `INSERT INTO stale (message_id) SELECT DISTINCT p.message_id FROM addresses a JOIN participants p ON p.address_id = a.id WHERE a.address IN (IN) ON CONFLICT DO NOTHING`, nil, distinct(addresses), nothing)
}

// removal removes the rows of mails, children before parents. What others have
// made of them stays, and names them no more.
var removal = []string{
	`DELETE FROM wish_steps WHERE wish_id IN (SELECT id FROM wishes WHERE NOT ` + confirmed + ` AND message_id IN (IN))`,
	`DELETE FROM wishes WHERE NOT ` + confirmed + ` AND message_id IN (IN)`,
	`UPDATE wishes SET message_id = NULL WHERE message_id IN (IN)`,
	`DELETE FROM draft_files WHERE draft_id IN (SELECT id FROM drafts WHERE mailing_id IS NULL AND touched = 0 AND answers_id IN (IN))`,
	`DELETE FROM drafts WHERE mailing_id IS NULL AND touched = 0 AND answers_id IN (IN)`,
	`UPDATE drafts SET quote = '' WHERE mailing_id IS NULL AND answers_id IN (IN)`, // what its author has written stays
	`UPDATE drafts SET lost = 1 WHERE answers_id IN (SELECT id FROM messages WHERE private = 1 AND id IN (IN))`,
	`UPDATE drafts SET answers_id = NULL WHERE answers_id IN (IN)`,
	`UPDATE contact_details SET message_id = NULL WHERE message_id IN (IN)`,
	`DELETE FROM sayings WHERE message_id IN (IN)`,
	`DELETE FROM order_mails WHERE message_id IN (IN)`, // the order itself stays: it was made
	`UPDATE dispatch_events SET message_id = NULL WHERE message_id IN (IN)`,
	`DELETE FROM unmatched_reports WHERE message_id IN (IN)`,
	`DELETE FROM signed_details WHERE message_id IN (IN)`,
	`DELETE FROM stale WHERE message_id IN (IN)`,
	`DELETE FROM topics WHERE message_id IN (IN)`,
	`DELETE FROM closed_questions WHERE message_id IN (IN)`,
	`DELETE FROM open_questions WHERE message_id IN (IN)`,
	`UPDATE correspondence SET open_us = 0, open_id = 0 WHERE open_id IN (IN)`,
	`DELETE FROM corrections WHERE message_id IN (IN)`,
	`DELETE FROM links WHERE message_id IN (IN)`,
	`DELETE FROM attachments WHERE message_id IN (IN)`,
	`DELETE FROM participants WHERE message_id IN (IN)`,
	`DELETE FROM sightings WHERE message_id IN (IN)`,
	`DELETE FROM raws WHERE message_id IN (IN)`,
	`DELETE FROM messages WHERE id IN (IN)`,
}

// removeMails removes the rows of mails, children before parents, and notes that
// bytes are to be erased.
func (x *tx) removeMails(ids []int64) error {
	for i := 0; i < len(x.toIndex); { // one that this transaction has stored
		step := x.s.engine.indexCols
		if id, ok := x.toIndex[i].(int64); ok && slices.Contains(ids, id) {
			x.toIndex = append(x.toIndex[:i], x.toIndex[i+step:]...)
			continue
		}
		i += step
	}
	for _, id := range ids {
		if err := x.exec(x.s.engine.unindex, id); err != nil {
			return err
		}
	}
	if x.s.segments != nil {
		from, to := segmentsRange()
		if err := each(x, `INSERT INTO erasures (place) SELECT zstd FROM raws WHERE zstd >= $1 AND zstd < $2 AND message_id IN (IN) ON CONFLICT DO NOTHING`, []any{from, to}, ids, nothing); err != nil {
			return err
		}
	}
	for _, q := range removal {
		if err := each(x, q, nil, ids, nothing); err != nil {
			return err
		}
	}
	return x.tidyLater()
}

// dissolve removes those of these conversations of which no mail is left, with
// the Message-IDs in them; in the others, loose mails are decided anew.
func (b *batch) dissolve(threads []int64) error {
	for _, q := range []string{
		`DELETE FROM thread_ids WHERE conversation_id IN (IN) AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = thread_ids.conversation_id)`,
		`DELETE FROM conversations WHERE id IN (IN) AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = conversations.id)`,
	} {
		if err := each(b.x, q, nil, threads, nothing); err != nil {
			return err
		}
	}
	left, err := b.x.idsIn(`SELECT id FROM conversations WHERE id IN (IN)`, threads)
	if err != nil {
		return err
	}
	here := map[int64]bool{}
	for _, c := range left {
		here[c] = true
	}
	gone := map[int64]bool{}
	for _, c := range threads {
		if gone[c] = !here[c]; here[c] {
			b.grown[c] = 0
		}
	}
	for id, c := range b.threads {
		if gone[b.root(c)] {
			delete(b.threads, id)
		}
	}
	return nil
}

// dropAddresses removes those of these addresses that nothing names any more.
func (b *batch) dropAddresses(ids []int64) error {
	if err := each(b.x, `DELETE FROM addresses WHERE id IN (IN) AND `+unnamed, nil, ids, nothing); err != nil {
		return err
	}
	left, err := b.x.idsIn(`SELECT id FROM addresses WHERE id IN (IN)`, ids)
	if err != nil {
		return err
	}
	for a, id := range b.addresses {
		if slices.Contains(ids, id) && !slices.Contains(left, id) {
			delete(b.addresses, a)
		}
	}
	return nil
}

// unnamed holds for addresses that neither a mail nor a contact names.
const unnamed = `NOT EXISTS (SELECT 1 FROM participants p WHERE p.address_id = addresses.id) AND NOT EXISTS (SELECT 1 FROM contact_addresses u WHERE u.address_id = addresses.id)
AND NOT EXISTS (SELECT 1 FROM signed_details d WHERE d.address_id = addresses.id)`

// forgetExcluded removes the contacts whom only excluded mail has made, when
// nothing else is known of them, and their customers.
func (x *tx) forgetExcluded() error {
	firm := crm.Firm{}
	ex, err := x.excluded(&firm)
	if err != nil || firm.Excluded.Empty() && len(ex.own) == 0 {
		return err
	}
	named, err := x.madeByMail()
	if err != nil {
		return err
	}
	excluded := func(a crm.Address) bool {
		for _, own := range ex.own {
			if own.Has(a) {
				return true
			}
		}
		return firm.Excluded.Has(a)
	}
	var going []int64
	var addresses []crm.Address
	for _, contact := range sortedKeys(named) {
		if !slices.ContainsFunc(named[contact], func(a crm.Address) bool { return !excluded(a) }) {
			going, addresses = append(going, contact), append(addresses, named[contact]...)
		}
	}
	if _, _, err := x.forgetContacts(going); err != nil {
		return err
	}
	return each(x, `DELETE FROM addresses WHERE address IN (IN) AND `+unnamed, nil, addresses, nothing)
}

// madeByMail gives the addresses of contacts that mail has made and that no mail
// is linked to.
func (x *tx) madeByMail() (map[int64][]crm.Address, error) {
	rows, err := x.query(`SELECT c.id, a.address FROM contacts c JOIN contact_addresses u ON u.contact_id = c.id JOIN addresses a ON a.id = u.address_id
WHERE c.origin IN ($1, $2) AND NOT EXISTS (SELECT 1 FROM links l WHERE l.contact_id = c.id)`, originTwoWay, originOrganisation)
	if err != nil {
		return nil, err
	}
	out := map[int64][]crm.Address{}
	return out, scanAll(rows, func(r *sql.Rows) error {
		var id int64
		var a crm.Address
		err := r.Scan(&id, &a)
		out[id] = append(out[id], a)
		return err
	})
}

// FollowDeletions removes, when the firm follows deletions, the mails that have
// left every mailbox in which they were seen and have stayed away, at that time,
// for as long as it says; it gives how many they were. What a colleague has said belongs to
// somebody or has taken a wish from stays, and so does what was dropped or
// imported, which no mailbox holds, what somebody is answering, and a report that
// waits to be looked at. preview removes nothing.
func (s *Store) FollowDeletions(ctx context.Context, at time.Time, preview bool) (removed int, err error) {
	for {
		var n int
		err := s.write(ctx, func(x *tx) error {
			ids, err := x.left(at, preview)
			if n = len(ids); err != nil || n == 0 || preview {
				return err
			}
			b, mails, err := x.reopen(ids, s.now())
			if err != nil {
				return err
			}
			if err := b.forget(mails); err != nil {
				return err
			}
			if err := b.finish(); err != nil {
				return err
			}
			for _, c := range sortedKeys(b.lost) {
				if err := x.recomputeLast(crm.CustomerID(c)); err != nil {
					return err
				}
			}
			return nil
		})
		removed += n
		if err != nil || n < staleChunk || preview {
			if err == nil && !preview {
				err = s.decideStale(ctx)
			}
			if err == nil && !preview {
				err = s.Tidy(ctx) // what was put off
			}
			return removed, err
		}
	}
}

// left lists mails that have left every mailbox for long enough: some, or for a
// preview all.
func (x *tx) left(at time.Time, all bool) ([]int64, error) {
	firm, err := x.savedFirm()
	if err != nil || firm.FollowDeletions == 0 {
		return nil, err
	}
	limit := staleChunk
	if all {
		limit = 1 << 40
	}
	before := micros(at.AddDate(0, 0, -firm.FollowDeletions))
	return column[int64](x, `SELECT DISTINCT g.message_id FROM sightings g WHERE g.gone_us > 0 AND g.gone_us <= $1
AND NOT EXISTS (SELECT 1 FROM sightings o JOIN folders f ON f.id = o.folder_id JOIN mailboxes b ON b.id = f.mailbox_id
  WHERE o.message_id = g.message_id AND (o.gone_us = 0 OR o.gone_us > $2 OR b.state = $3))
AND NOT EXISTS (SELECT 1 FROM corrections k WHERE k.message_id = g.message_id AND k.belongs = 1)
AND NOT EXISTS (SELECT 1 FROM wishes w WHERE w.message_id = g.message_id AND `+confirmed+`)
AND NOT EXISTS (SELECT 1 FROM drafts d WHERE d.answers_id = g.message_id AND d.mailing_id IS NULL)
AND NOT EXISTS (SELECT 1 FROM unmatched_reports u WHERE u.message_id = g.message_id AND u.seen_us = 0)
ORDER BY g.message_id LIMIT $4`, before, before, string(crm.MailboxImported), limit)
}
