package store

import (
	"context"
	"database/sql"
	"time"

	"kaveri/crm"
)

// How the copy of a sent mail is looked after.
const (
	// filingWait is how long after a server took a mail its provider may file it
	// by itself: who looks before appends a second copy.
	filingWait = 15 * time.Second
	// filingHold is how long one process has a mail to file: longer than all its
	// stages may take, so that no two append it.
	filingHold = 15 * time.Minute
	// filedSoon is how long a provider that is known to file is waited for.
	filedSoon = 15 * time.Minute
)

// ClaimFilings gives up to n sent mails whose copy is to be put into their
// author's Sent folder now: a server has taken them for some recipient. They are
// the caller's for a quarter of an hour.
func (s *Store) ClaimFilings(ctx context.Context, n int) (list []crm.Filing, err error) {
	now := s.now()
	due := []any{micros(now), micros(now.Add(-filingWait)), n}
	const query = `SELECT w.id, w.mailing_id, w.lead_id, w.mailbox_id, w.file_tries FROM drafts w WHERE w.filed_us = 0 AND w.file_due_us > 0 AND w.file_due_us <= $1
AND EXISTS (SELECT 1 FROM dispatches d WHERE d.mailing_id = w.mailing_id AND ((d.state = 'sent' AND d.changed_us <= $2) OR EXISTS (SELECT 1 FROM attempts a WHERE a.dispatch_id = d.id AND a.state = 'sent' AND a.at_us <= $2))) ORDER BY w.file_due_us, w.id LIMIT $3`
	read := func(x *tx) error {
		rows, err := x.query(query, due...)
		list, err = collect(rows, err, func(r *sql.Rows, f *crm.Filing) error {
			return r.Scan(&f.Draft, &f.Mailing, &f.Lead, &f.Mailbox, &f.Tries)
		})
		return err
	}
	// Most of the time there is none, and nothing is written.
	if err := s.view(ctx, read); err != nil || len(list) == 0 {
		return nil, err
	}
	err = s.write(ctx, func(x *tx) error {
		if err := read(x); err != nil {
			return err
		}
		for _, f := range list {
			if err := x.exec(`UPDATE drafts SET file_due_us = $1, file_tries = file_tries + 1 WHERE id = $2`, micros(now.Add(filingHold)), int64(f.Draft)); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// Filed notes that the copy of a sent mail lies in the Sent folder.
func (s *Store) Filed(ctx context.Context, id crm.DraftID) error {
	return s.filing(ctx, id, `UPDATE drafts SET filed_us = $1, file_due_us = 0, file_trouble = '' WHERE id = $2`, micros(s.now()))
}

// FilingFailed notes why it does not lie there yet, for people, and when it is
// tried again; a zero time: not any more.
func (s *Store) FilingFailed(ctx context.Context, id crm.DraftID, again time.Time, trouble string) error {
	return s.filing(ctx, id, `UPDATE drafts SET file_due_us = $1, file_trouble = $3 WHERE id = $2`, micros(again), clean(trouble, 500))
}

func (s *Store) filing(ctx context.Context, id crm.DraftID, query string, at int64, more ...any) error {
	return s.write(ctx, func(x *tx) error {
		if err := x.exec(query, append([]any{at, int64(id)}, more...)...); err != nil {
			return err
		}
		var d crm.SavedDraft
		if err := scanDraft(x.row(`SELECT `+draftCols+` FROM drafts w WHERE w.id = $1`, int64(id)), &d); err != nil {
			return err
		}
		return x.tellDraft(&d)
	})
}

// NoteAppending notes, before it is done, that we put the mail with this
// Message-ID into its author's Sent folder: from then on its lying there proves
// neither that a server took it nor that its provider files.
func (s *Store) NoteAppending(ctx context.Context, messageID string) error {
	d, ok := s.keyring.DispatchOf(messageID)
	if !ok {
		return nil
	}
	return s.write(ctx, func(x *tx) error {
		return x.exec(`UPDATE drafts SET filing_us = $1 WHERE lead_id = $2 AND filing_us = 0`, micros(s.now()), int64(d))
	})
}

// Appended reports whether that was noted.
func (s *Store) Appended(ctx context.Context, messageID string) (yes bool, err error) {
	d, ok := s.keyring.DispatchOf(messageID)
	if !ok {
		return false, nil
	}
	err = s.view(ctx, func(x *tx) error {
		yes, err = x.appended(int64(d))
		return err
	})
	return yes, err
}

func (x *tx) appended(dispatch int64) (bool, error) {
	var n int
	err := x.row(`SELECT count(*) FROM drafts WHERE lead_id = $1 AND filing_us > 0`, dispatch).Scan(&n)
	return n > 0, err
}
