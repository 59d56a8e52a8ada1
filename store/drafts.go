package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

const draftCols = `w.id, w.staff_id, COALESCE(w.customer_id, 0), COALESCE(w.answers_id, 0), COALESCE(w.mailbox_id, 0), w.parties, w.thread, w.subject, w.body, w.quote, w.quoted, w.touched,
w.created_us, w.changed_us, COALESCE(w.mailing_id, 0), COALESCE(w.lead_id, 0), w.message_id, w.sent_us`

// draftParties and draftThread are how a draft's lists are kept.
type draftParties struct {
	To []crm.Party `json:"to,omitempty"`
	Cc []crm.Party `json:"cc,omitempty"`
}

type draftThread struct {
	InReplyTo  []string `json:"in_reply_to,omitempty"`
	References []string `json:"references,omitempty"`
}

func scanDraft(r interface{ Scan(...any) error }, d *crm.SavedDraft, more ...any) error {
	var parties, thread string
	var quoted, touched, created, changed, sent int64
	if err := r.Scan(append([]any{&d.ID, &d.Staff, &d.Customer, &d.Answers, &d.Mailbox, &parties, &thread, &d.Subject, &d.Text, &d.Quote, &quoted, &touched,
		&created, &changed, &d.Mailing, &d.Lead, &d.MessageID, &sent}, more...)...); err != nil {
		return err
	}
	var p draftParties
	var t draftThread
	if err := errors.Join(json.Unmarshal([]byte(parties), &p), json.Unmarshal([]byte(thread), &t)); err != nil {
		return err
	}
	d.To, d.Cc, d.InReplyTo, d.References = p.To, p.Cc, t.InReplyTo, t.References
	d.Quoted, d.Touched = quoted != 0, touched != 0
	d.Created, d.Changed, d.Sent = fromMicros(created), fromMicros(changed), fromMicros(sent)
	return nil
}

func noDraft(id crm.DraftID) error { return crm.NotFound("no draft has the number %d", id) }

// ownDraft reads a draft of the viewer's own. Another's is as one that is not
// there, also for an administrator.
func (x *tx) ownDraft(v crm.Viewer, id crm.DraftID) (d crm.SavedDraft, err error) {
	if v.Staff == 0 {
		return d, noDraft(id)
	}
	err = scanDraft(x.row(`SELECT `+draftCols+` FROM drafts w WHERE w.id = $1 AND w.staff_id = $2`, int64(id), int64(v.Staff)), &d)
	if errors.Is(err, sql.ErrNoRows) {
		return d, noDraft(id)
	}
	if err == nil {
		d.Files, err = x.draftFiles(d.ID, false)
	}
	return d, err
}

func (x *tx) draftFiles(id crm.DraftID, data bool) ([]crm.DraftFile, error) {
	what := `NULL`
	if data {
		what = `data`
	}
	rows, err := x.query(`SELECT n, name, type, size, `+what+` FROM draft_files WHERE draft_id = $1 ORDER BY n`, int64(id))
	return collect(rows, err, func(r *sql.Rows, f *crm.DraftFile) error { return r.Scan(&f.N, &f.Name, &f.Type, &f.Size, &f.Data) })
}

// Draft gives a draft of the viewer's own, sent or not, without the bytes of its
// files.
func (s *Store) Draft(ctx context.Context, v crm.Viewer, id crm.DraftID) (d crm.SavedDraft, err error) {
	err = s.view(ctx, func(x *tx) error {
		d, err = x.ownDraft(v, id)
		return err
	})
	return d, err
}

// OwnDrafts lists the viewer's own drafts that are not sent and in which something
// was written, the newest first.
func (s *Store) OwnDrafts(ctx context.Context, v crm.Viewer, of crm.Correspondence) (list []crm.SavedDraft, err error) {
	if v.Staff == 0 {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		condition, args, err := x.draftsOf(of, []any{int64(v.Staff)})
		if err != nil {
			return err
		}
		rows, err := x.query(`SELECT `+draftCols+` FROM drafts w WHERE w.staff_id = $1 AND w.mailing_id IS NULL AND w.touched = 1 AND `+condition+` ORDER BY w.changed_us DESC, w.id DESC LIMIT 50`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, d *crm.SavedDraft) error { return scanDraft(r, d) })
		return err
	})
	return list, err
}

// draftsOf is the condition that a draft w is of a customer, of a conversation,
// or of either.
func (x *tx) draftsOf(of crm.Correspondence, args []any) (string, []any, error) {
	var either []string
	if of.Conversation != 0 {
		either = append(either, `w.answers_id IN (SELECT id FROM messages WHERE conversation_id = `+arg(&args, int64(of.Conversation))+`)`)
	}
	if of.Customer != 0 || of.Conversation == 0 {
		ids, err := x.mergedInto(int64(of.Customer))
		if err != nil {
			return "", nil, err
		}
		var in []string
		for _, id := range ids {
			in = append(in, arg(&args, id))
		}
		either = append(either, `w.customer_id IN (`+strings.Join(in, `, `)+`)`)
	}
	return `(` + strings.Join(either, ` OR `) + `)`, args, nil
}

// mergedInto gives a customer and all that were merged into it, so that drafts
// follow a merge and its undoing.
func (x *tx) mergedInto(id int64) ([]int64, error) {
	all := []int64{id}
	for next := all; len(next) > 0; {
		var found []int64
		err := each(x, `SELECT id FROM customers WHERE merged_into IN (IN)`, nil, next, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			found = append(found, id)
			return err
		})
		if err != nil {
			return nil, err
		}
		all, next = append(all, found...), found
	}
	return all, nil
}

// NewDraft begins a mail to a customer, or an answer to a mail that the viewer
// may see. One that the viewer has begun already is given instead: of an answer
// in any case, of a new mail while nothing was written in it.
func (s *Store) NewDraft(ctx context.Context, v crm.Viewer, d crm.SavedDraft) (crm.SavedDraft, error) {
	if v.Staff == 0 {
		return d, errNobody
	}
	d.Staff = v.Staff
	if err := d.Validate(); err != nil {
		return d, err
	}
	err := s.write(ctx, func(x *tx) error {
		var err error
		if d.Answers != 0 {
			if err = x.sees(v, d.Answers); err != nil {
				return err
			}
		}
		if d.Customer != 0 {
			c, err := x.customer(d.Customer)
			if err != nil {
				return err
			}
			d.Customer = c.ID
		}
		known, err := x.begunDraft(&d)
		if err != nil {
			return err
		}
		if known != 0 {
			if err := x.exec(`UPDATE drafts SET began_us = $1, changed_us = $1 WHERE id = $2 AND changed_us < $3`,
				micros(s.now()), int64(known), micros(s.now().Add(-crm.WritingRest))); err != nil {
				return err
			}
			d, err = x.ownDraft(v, known)
		} else {
			err = x.putDraft(&d)
		}
		if err != nil {
			return err
		}
		return x.tellDraft(&d)
	})
	return d, err
}

// begunDraft finds the draft to go on with, 0 when there is none. What was begun
// long ago and never written in goes.
func (x *tx) begunDraft(d *crm.SavedDraft) (id crm.DraftID, err error) {
	if err := x.exec(`DELETE FROM drafts WHERE staff_id = $1 AND mailing_id IS NULL AND touched = 0 AND changed_us < $2 AND NOT EXISTS (SELECT 1 FROM draft_files f WHERE f.draft_id = drafts.id)`,
		int64(d.Staff), micros(x.s.now().Add(-24*time.Hour))); err != nil {
		return 0, err
	}
	if d.Answers != 0 {
		err = x.row(`SELECT COALESCE(min(id), 0) FROM drafts WHERE staff_id = $1 AND mailing_id IS NULL AND answers_id = $2`, int64(d.Staff), int64(d.Answers)).Scan(&id)
	} else {
		err = x.row(`SELECT COALESCE(min(id), 0) FROM drafts WHERE staff_id = $1 AND mailing_id IS NULL AND answers_id IS NULL AND customer_id = $2 AND touched = 0`, int64(d.Staff), int64(d.Customer)).Scan(&id)
	}
	return id, err
}

func (x *tx) putDraft(d *crm.SavedDraft) error {
	id, err := x.id()
	if err != nil {
		return err
	}
	thread, err := json.Marshal(draftThread{d.InReplyTo, d.References})
	if err != nil {
		return err
	}
	d.ID, d.Created, d.Changed = crm.DraftID(id), fromMicros(micros(x.s.now())), fromMicros(micros(x.s.now()))
	if err := x.mayWriteTo(d); err != nil {
		return err
	}
	return x.exec(`INSERT INTO drafts (id, staff_id, customer_id, answers_id, mailbox_id, parties, thread, subject, body, quote, quoted, created_us, began_us, changed_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $12)`, id, int64(d.Staff), orNull(d.Customer), orNull(d.Answers), orNull(d.Mailbox), partiesText(d), string(thread),
		clean(d.Subject, crm.MaxSubject), clean(d.Text, crm.MaxDraftText), clean(d.Quote, crm.MaxDraftText), flag(d.Quoted), micros(d.Created))
}

func partiesText(d *crm.SavedDraft) string {
	b, err := json.Marshal(draftParties{d.To, d.Cc})
	if err != nil {
		panic(err) // strings
	}
	return string(b)
}

// SaveDraft keeps what the author has changed: recipients, subject, text,
// whether the answered mail is quoted, and from which mailbox. One that was sent
// is refused with [crm.KindConflict].
func (s *Store) SaveDraft(ctx context.Context, v crm.Viewer, d crm.SavedDraft) (out crm.SavedDraft, err error) {
	err = s.write(ctx, func(x *tx) error {
		out, err = x.saveDraft(v, d)
		return err
	})
	return out, err
}

func (x *tx) saveDraft(v crm.Viewer, d crm.SavedDraft) (crm.SavedDraft, error) {
	is, err := x.openDraft(v, d.ID)
	if err != nil {
		return is, err
	}
	is.To, is.Cc, is.Subject, is.Text, is.Quoted, is.Mailbox = d.To, d.Cc, d.Subject, d.Text, d.Quoted, d.Mailbox
	if err := is.Validate(); err != nil {
		return is, err
	}
	if err := x.mayWriteTo(&is); err != nil {
		return is, err
	}
	if is.Mailbox != 0 {
		if _, err := x.ownMailbox(v, is.Mailbox); err != nil {
			return is, err
		}
	}
	now := x.s.now()
	rest := now.Sub(is.Changed)
	news, rested := !is.Touched || rest > toldAgain, rest > crm.WritingRest
	is.Touched, is.Changed = true, fromMicros(micros(now))
	if err := x.exec(`UPDATE drafts SET parties = $1, subject = $2, body = $3, quoted = $4, mailbox_id = $5, touched = 1, changed_us = $6, began_us = CASE WHEN CAST($7 AS BIGINT) = 1 THEN $6 ELSE began_us END WHERE id = $8`,
		partiesText(&is), is.Subject, clean(is.Text, crm.MaxDraftText), flag(is.Quoted), orNull(is.Mailbox), micros(now), flag(rested), int64(is.ID)); err != nil {
		return is, err
	}
	if !news { // it is kept with every few words
		return is, nil
	}
	return is, x.tellDraft(&is)
}

// toldAgain is how long nobody is told once more that somebody writes.
const toldAgain = time.Minute

// openDraft reads an own draft that is not sent.
func (x *tx) openDraft(v crm.Viewer, id crm.DraftID) (crm.SavedDraft, error) {
	d, err := x.ownDraft(v, id)
	if err == nil && d.Mailing != 0 {
		err = &crm.Error{Kind: crm.KindConflict, Field: "draft", Text: "this mail was sent already"}
	}
	return d, err
}

// ownMailbox gives a mailbox of the viewer's own that is on a server.
func (x *tx) ownMailbox(v crm.Viewer, id crm.MailboxID) (crm.Mailbox, error) {
	m, _, err := x.mailbox(id)
	if crm.KindOf(err) == crm.KindNotFound || err == nil && (m.Staff != v.Staff || m.State == crm.MailboxImported) {
		err = crm.Invalid("from", "choose one of your own mailboxes to write from")
	}
	return m, err
}

// mayWriteTo refuses recipients who do not come from the answered mail or, of a
// new mail, are no known address of the customer: nobody gets mail by a slip of
// the pen.
func (x *tx) mayWriteTo(d *crm.SavedDraft) error {
	known, err := x.knownTo(d)
	if err != nil {
		return err
	}
	var seen []crm.Address
	for _, p := range slices.Concat(d.To, d.Cc) {
		switch {
		case !slices.Contains(known, p.Address) && d.Answers != 0:
			return crm.Invalid("to", "%s has no part in the mail that is answered", p.Address)
		case !slices.Contains(known, p.Address):
			return crm.Invalid("to", "%s is no known address of this customer; add it to the customer first", p.Address)
		case slices.Contains(seen, p.Address):
			return crm.Invalid("to", "%s is named twice", p.Address)
		}
		seen = append(seen, p.Address)
	}
	return nil
}

func (x *tx) knownTo(d *crm.SavedDraft) ([]crm.Address, error) {
	if d.Answers != 0 {
		return column[crm.Address](x, `SELECT a.address FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.message_id = $1 AND p.role IN ('from', 'sender', 'reply-to', 'to', 'cc') ORDER BY p.n`, int64(d.Answers))
	}
	c, err := x.customer(d.Customer)
	if err != nil {
		return nil, err
	}
	now := micros(x.s.now())
	return column[crm.Address](x, `SELECT a.address FROM contacts k JOIN contact_addresses u ON u.contact_id = k.id JOIN addresses a ON a.id = u.address_id
WHERE k.customer_id = $1 AND k.merged_into = 0 AND (u.until_us = 0 OR u.until_us > $2) ORDER BY a.id`, int64(c.ID), now)
}

// AddDraftFile attaches a file to an own draft. Too much in all is an error of
// kind [crm.KindInvalid] on "files".
func (s *Store) AddDraftFile(ctx context.Context, v crm.Viewer, id crm.DraftID, f crm.DraftFile) error {
	if err := f.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func(x *tx) error {
		d, err := x.openDraft(v, id)
		if err != nil {
			return err
		}
		size, n := f.Size, 1
		for _, is := range d.Files {
			size, n = size+is.Size, max(n, is.N+1)
		}
		if size > crm.MaxDraftFiles {
			return crm.Invalid("files", "with %s the files are larger than %d MB together; send a link to it instead", f.Name, crm.MaxDraftFiles>>20)
		}
		if err := x.exec(`INSERT INTO draft_files (draft_id, n, name, type, size, data) VALUES ($1, $2, $3, $4, $5, $6)`, int64(id), n, f.Name, clean(f.Type, 200), f.Size, f.Data); err != nil {
			return err
		}
		return x.exec(`UPDATE drafts SET touched = 1, changed_us = $1 WHERE id = $2`, micros(s.now()), int64(id))
	})
}

// RemoveDraftFile takes a file from an own draft. One that is not there is none.
func (s *Store) RemoveDraftFile(ctx context.Context, v crm.Viewer, id crm.DraftID, n int) error {
	return s.write(ctx, func(x *tx) error {
		if _, err := x.openDraft(v, id); err != nil {
			return err
		}
		return x.exec(`DELETE FROM draft_files WHERE draft_id = $1 AND n = $2`, int64(id), n)
	})
}

// DiscardDraft deletes an own draft that is not sent.
func (s *Store) DiscardDraft(ctx context.Context, v crm.Viewer, id crm.DraftID) error {
	return s.write(ctx, func(x *tx) error {
		d, err := x.openDraft(v, id)
		if err != nil {
			return err
		}
		if err := x.exec(`DELETE FROM draft_files WHERE draft_id = $1`, int64(id)); err != nil {
			return err
		}
		if err := x.exec(`DELETE FROM drafts WHERE id = $1`, int64(id)); err != nil {
			return err
		}
		return x.tellDraft(&d)
	})
}

// tellDraft tells that somebody writes. Of an answer only those hear who may
// see the mail.
func (x *tx) tellDraft(d *crm.SavedDraft) error {
	e := crm.Event{Kind: "draft", Customer: d.Customer, Message: d.Answers}
	if d.Answers != 0 {
		if err := x.row(`SELECT conversation_id FROM messages WHERE id = $1`, int64(d.Answers)).Scan(&e.Conversation); err != nil {
			return err
		}
	}
	if e.Customer != 0 {
		c, err := x.customer(e.Customer)
		if err != nil {
			return err
		}
		e.Customer = c.ID
	}
	x.tell(e)
	return nil
}

// OwnMailboxes gives the mailboxes of a colleague, without passwords and folders.
func (s *Store) OwnMailboxes(ctx context.Context, v crm.Viewer) (list []crm.Mailbox, err error) {
	if v.Staff == 0 {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+mailboxCols+` FROM mailboxes b WHERE b.staff_id = $1 AND b.removed_us = 0 ORDER BY b.id`, int64(v.Staff))
		list, err = collect(rows, err, func(r *sql.Rows, m *crm.Mailbox) error { return scanMailbox(r, m) })
		return err
	})
	return list, err
}
