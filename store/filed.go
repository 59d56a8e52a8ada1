package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
)

// filedMark is the mark of the event that a provider has filed a mail by
// itself. Other marks are uses of folders.
const filedMark = "provider"

// filedFor is how long what was learned of a provider counts.
const filedFor = 30 * 24 * time.Hour

// NoteFiled notes that a provider has filed the mail with this Message-ID, which
// we had not appended.
func (s *Store) NoteFiled(ctx context.Context, messageID string) error {
	d, ok := s.keyring.DispatchOf(messageID)
	if !ok {
		return nil
	}
	return s.write(ctx, func(x *tx) error {
		var n int
		if err := x.row(`SELECT count(*) FROM dispatches WHERE id = $1`, int64(d)).Scan(&n); err != nil || n == 0 {
			return err
		}
		_, err := x.addEvent(crm.DispatchEvent{Dispatch: d, Kind: crm.EventFiled, Mark: filedMark, Evidence: "Message-ID: <" + messageID + ">"})
		return err
	})
}

// FilesSent reports whether it is known that a mail which was taken would lie
// in its author's Sent folder: another one of the same author, kind and sender
// was filed there lately, and the mailing has gone over one account only. What
// we append ourselves, which is mail of the kind direct, shows nothing; and a
// provider that has not filed such a mail within a quarter of an hour does not.
func (s *Store) FilesSent(ctx context.Context, messageID string) (known bool, err error) {
	d, ok := s.keyring.DispatchOf(messageID)
	if !ok {
		return false, nil
	}
	err = s.view(ctx, func(x *tx) error {
		var mailing, sender, accounts, changed int64
		var kind, from, state string
		err := x.row(`SELECT m.id, m.kind, m.from_address, COALESCE(m.sender_id, 0), d.state, d.changed_us FROM dispatches d JOIN mailings m ON m.id = d.mailing_id WHERE d.id = $1`, int64(d)).
			Scan(&mailing, &kind, &from, &sender, &state, &changed)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := x.row(`SELECT count(DISTINCT a.sender_id) FROM attempts a JOIN dispatches d ON d.id = a.dispatch_id WHERE d.mailing_id = $1`, mailing).Scan(&accounts); err != nil {
			return err
		}
		if accounts > 1 {
			return nil
		}
		mark := "sent"
		if kind == string(crm.MailingDirect) {
			mark = filedMark
			if state == string(crm.Sent) && changed < micros(s.now().Add(-filedSoon)) {
				return nil
			}
		}
		var n int
		err = x.row(`SELECT count(*) FROM (SELECT 1 AS one FROM mailings m JOIN dispatches d ON d.mailing_id = m.id JOIN dispatch_events e ON e.dispatch_id = d.id
WHERE m.from_address = $1 AND m.kind = $2 AND COALESCE(m.sender_id, 0) = $3 AND e.kind = $4 AND e.mark IN ($5, $6) AND e.at_us >= $7 AND d.id <> $8 LIMIT 1) AS s`,
			from, kind, sender, string(crm.EventFiled), mark, filedMark, micros(s.now().Add(-filedFor)), int64(d)).Scan(&n)
		known = n > 0
		return err
	})
	return known, err
}
