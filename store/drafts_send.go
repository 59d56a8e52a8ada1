package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"kaveri/crm"
)

// SendDraft keeps an own draft as it is given and puts it on the ledger, one
// dispatch for each recipient, in one transaction: it leaves [crm.UndoTime] from
// now. What is wrong is an error of kind [crm.KindInvalid] that names the field;
// a draft that was sent already is one of kind [crm.KindConflict].
//
// All recipients get the same mail, so it has one Message-ID, that of the first
// dispatch.
func (s *Store) SendDraft(ctx context.Context, v crm.Viewer, given crm.SavedDraft) (d crm.SavedDraft, err error) {
	err = s.write(ctx, func(x *tx) error {
		if d, err = x.saveDraft(v, given); err != nil {
			return err
		}
		if d.Answers != 0 {
			if err := x.sees(v, d.Answers); err != nil {
				return err
			}
		}
		m, err := x.letterOf(v, &d)
		if err != nil {
			return err
		}
		if err := x.sendable(&d); err != nil {
			return err
		}
		return x.letGo(&d, m)
	})
	if err == nil {
		s.mailingsChanged([]crm.MailingID{d.Mailing})
	}
	return d, err
}

// letterOf makes the mailing of a draft.
func (x *tx) letterOf(v crm.Viewer, d *crm.SavedDraft) (*crm.Mailing, error) {
	if d.Mailbox == 0 {
		return nil, crm.Invalid("from", "no mailbox of yours is chosen to write from; connect one under Mailboxes")
	}
	box, err := x.ownMailbox(v, d.Mailbox)
	if err != nil {
		return nil, err
	}
	senders, err := x.senders()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(senders, func(s crm.Sender) bool { return s.Serves(box.Address) }) {
		return nil, crm.Invalid("from", "no sender may send for %s; an administrator adds one under Senders", box.Address.Domain())
	}
	m := &crm.Mailing{Kind: crm.MailingDirect, From: crm.Party{Address: box.Address}, Template: crm.Template{Subject: d.Subject, Text: d.Body()},
		Start: x.s.now().Add(crm.UndoTime), Staff: d.Staff, Mark: "draft " + strconv.FormatInt(int64(d.ID), 10)}
	if err := x.row(`SELECT name FROM staff WHERE id = $1`, int64(d.Staff)).Scan(&m.From.Name); err != nil {
		return nil, err
	}
	return m, m.Validate()
}

// sendable refuses a draft that goes to nobody, or to an address that is not to
// be written to: its author says what is to become of it, not the ledger.
func (x *tx) sendable(d *crm.SavedDraft) error {
	var to []string
	for _, p := range slices.Concat(d.To, d.Cc) {
		to = append(to, string(p.Address))
	}
	if len(to) == 0 {
		return crm.Invalid("to", "choose at least one recipient")
	}
	stopped, err := x.stoppedDirect(to)
	if err != nil {
		return err
	}
	for _, a := range to {
		if p, no := stopped[crm.Address(a)]; no {
			return crm.Invalid("to", "%s is not to be written to (%s); leave it out, or lift that under Do not write", a, p.Reason)
		}
	}
	return nil
}

// stoppedDirect gives the suppressions that stop a colleague's mail to these
// addresses.
func (x *tx) stoppedDirect(addresses []string) (map[crm.Address]crm.Suppression, error) {
	out := map[crm.Address]crm.Suppression{}
	err := each(x, `SELECT `+suppressionCols+` FROM suppressions s WHERE s.lifted_us = 0 AND s.address IN (IN) ORDER BY s.id`, nil, distinct(addresses), func(r *sql.Rows) error {
		var p suppressionRow
		if err := scanSuppression(r, &p); err != nil {
			return err
		}
		if p.Reason.Stops(crm.MailingDirect) {
			out[p.Address] = p.Suppression
		}
		return nil
	})
	return out, err
}

// letGo puts the mailing on the ledger, running, and marks the draft as sent.
func (x *tx) letGo(d *crm.SavedDraft, m *crm.Mailing) error {
	if err := x.putMailing(m); err != nil {
		return err
	}
	e := enlisting{x: x, m: m, now: x.s.now(), seen: map[crm.Address]int64{}, persons: map[int64]int64{}, known: map[crm.Address]int64{}}
	people := slices.Concat(d.To, d.Cc)
	addresses := make([]string, len(people))
	for i, p := range people {
		addresses[i] = string(p.Address)
	}
	if err := e.lookUpContacts(addresses); err != nil {
		return err
	}
	for _, p := range people {
		r := crm.Recipient{Address: p.Address, Name: p.Name, Contact: crm.ContactID(e.known[p.Address])}
		if _, twice := e.persons[int64(r.Contact)]; twice {
			r.Contact = 0 // two addresses of one person, both chosen by the author: both get it
		}
		if err := e.add(r); err != nil {
			return err
		}
	}
	if err := e.write(); err != nil {
		return err
	}
	if err := x.exec(`UPDATE mailings SET state = 'running', until_us = $1 WHERE id = $2`, micros(m.Start.Add(m.Patience)), int64(m.ID)); err != nil {
		return err
	}
	d.Mailing, d.Lead, d.Sent = m.ID, crm.DispatchID(e.seen[people[0].Address]), fromMicros(micros(x.s.now()))
	d.MessageID = x.s.keyring.MessageID(d.Lead, m.From.Address.Domain())
	if err := x.exec(`UPDATE drafts SET mailing_id = $1, lead_id = $2, message_id = $3, sent_us = $4, file_due_us = $5, file_tries = 0, filing_us = 0, file_trouble = '' WHERE id = $6`,
		int64(m.ID), int64(d.Lead), d.MessageID, micros(d.Sent), micros(m.Start), int64(d.ID)); err != nil {
		return err
	}
	return x.tellDraft(d)
}

// UndoSend takes back all of a mail that its author has let go, and makes it a
// draft again; or, when any of it may have left, it changes nothing and is an
// error of kind [crm.KindConflict]. Both are decided and done in one
// transaction, with which no claim can interleave.
func (s *Store) UndoSend(ctx context.Context, v crm.Viewer, id crm.DraftID) error {
	var mailing crm.MailingID
	err := s.write(ctx, func(x *tx) error {
		d, err := x.ownDraft(v, id)
		if err != nil {
			return err
		}
		if mailing = d.Mailing; mailing == 0 {
			return crm.Conflict("this mail was not sent; it is a draft")
		}
		if err := x.takeBack(mailing); err != nil {
			return err
		}
		if err := x.exec(`UPDATE mailings SET state = 'stopped', reason = 'taken back by its author', mark = '' WHERE id = $1`, int64(mailing)); err != nil {
			return err
		}
		// Two answers to one mail cannot both be open drafts: one that was begun
		// meanwhile and has no text gives way.
		if err := x.giveWay(&d); err != nil {
			return err
		}
		now := micros(s.now())
		if err := x.exec(`UPDATE drafts SET mailing_id = NULL, lead_id = NULL, message_id = '', sent_us = 0, file_due_us = 0, began_us = $1, changed_us = $1 WHERE id = $2`, now, int64(id)); err != nil {
			return err
		}
		return x.tellDraft(&d)
	})
	if err == nil {
		s.mailingsChanged([]crm.MailingID{mailing})
	}
	return err
}

// takeBack cancels all dispatches of a mailing that wait, when certainly nobody
// has the mail; else it changes nothing.
func (x *tx) takeBack(m crm.MailingID) error {
	waiting, unsent, err := x.unsent(m)
	if err != nil {
		return err
	}
	if !unsent {
		return &crm.Error{Kind: crm.KindConflict, Field: "undo", Text: "it is too late: the mail is on its way already"}
	}
	g := x.steps()
	ds, err := g.rows(waiting)
	if err != nil {
		return err
	}
	for _, id := range waiting {
		g.move(ds[id], crm.Cancelled, "taken back by its author")
	}
	return g.finish()
}

// unsent reports that certainly nobody has a mail, and gives what of it waits.
// The state alone does not say so: a failed mail may have bounced, and one that
// waits, or was given up, may have been in doubt before.
func (x *tx) unsent(m crm.MailingID) (waiting []int64, yes bool, err error) {
	rows, err := x.query(`SELECT d.id, d.state, CASE WHEN EXISTS (SELECT 1 FROM attempts a WHERE a.dispatch_id = d.id AND a.state NOT IN ('deferred', 'failed'))
OR EXISTS (SELECT 1 FROM dispatch_events e WHERE e.dispatch_id = d.id AND e.kind = $2) THEN 1 ELSE 0 END AS gone FROM dispatches d WHERE d.mailing_id = $1 ORDER BY d.id`, int64(m), string(crm.EventSettled))
	if err != nil {
		return nil, false, err
	}
	yes = true
	err = scanAll(rows, func(r *sql.Rows) error {
		var id, gone int64
		var state crm.DispatchState
		if err := r.Scan(&id, &state, &gone); err != nil {
			return err
		}
		switch state {
		case crm.Queued, crm.Deferred:
			waiting = append(waiting, id)
		case crm.Failed, crm.Expired, crm.Cancelled, crm.Suppressed:
		default:
			yes = false
		}
		yes = yes && gone == 0
		return nil
	})
	return waiting, yes, err
}

// giveWay makes room for a draft that comes back. Of another open answer to the
// same mail the text is kept below this one's, so that nothing is lost.
func (x *tx) giveWay(d *crm.SavedDraft) error {
	if d.Answers == 0 {
		return nil
	}
	var other crm.DraftID
	var text string
	err := x.row(`SELECT id, body FROM drafts WHERE staff_id = $1 AND answers_id = $2 AND mailing_id IS NULL AND id <> $3`, int64(d.Staff), int64(d.Answers), int64(d.ID)).Scan(&other, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if text != "" {
		if err := x.exec(`UPDATE drafts SET body = $1 WHERE id = $2`, clean(d.Text+"\n\n"+text, crm.MaxDraftText), int64(d.ID)); err != nil {
			return err
		}
	}
	if err := x.exec(`UPDATE draft_files SET draft_id = $1, n = n + 1000 WHERE draft_id = $2`, int64(d.ID), int64(other)); err != nil {
		return err
	}
	return x.exec(`DELETE FROM drafts WHERE id = $1`, int64(other))
}

// SentDraft gives the draft that a mailing was made from, with the bytes of its
// files; for the program, which sends and files it.
func (s *Store) SentDraft(ctx context.Context, m crm.MailingID) (d crm.SavedDraft, err error) {
	err = s.view(ctx, func(x *tx) error {
		err := scanDraft(x.row(`SELECT `+draftCols+` FROM drafts w WHERE w.mailing_id = $1`, int64(m)), &d)
		if errors.Is(err, sql.ErrNoRows) {
			return crm.NotFound("the mailing %d was made from no draft", m)
		}
		if err == nil {
			d.Files, err = x.draftFiles(d.ID, true)
		}
		return err
	})
	return d, err
}

// FullDraft gives an own draft with the bytes of its files.
func (s *Store) FullDraft(ctx context.Context, v crm.Viewer, id crm.DraftID) (d crm.SavedDraft, err error) {
	err = s.view(ctx, func(x *tx) error {
		if d, err = x.ownDraft(v, id); err == nil {
			d.Files, err = x.draftFiles(id, true)
		}
		return err
	})
	return d, err
}
