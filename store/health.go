package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"kaveri/crm"
)

// What this file gives are numbers about mailboxes, not about mails: how many
// UIDs went where. They are the same for every viewer, so that the census adds
// up; no subject, name or address follows from them.

// Health gives the mailboxes with their state, the last census and what stands
// now.
func (s *Store) Health(ctx context.Context, v crm.Viewer) ([]crm.MailboxHealth, error) {
	if !mayRead(v) {
		return nil, nil
	}
	var out []crm.MailboxHealth
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT ` + mailboxCols + `, st.name FROM mailboxes b JOIN staff st ON st.id = b.staff_id WHERE b.removed_us = 0 ORDER BY b.id`)
		out, err = collect(rows, err, func(r *sql.Rows, h *crm.MailboxHealth) error { return scanMailbox(r, &h.Mailbox, &h.Owner) })
		if err != nil {
			return err
		}
		census, err := x.lastCensus()
		if err != nil {
			return err
		}
		counts, err := x.folderCounts(0)
		if err != nil {
			return err
		}
		for i := range out {
			h := &out[i]
			h.Folders = ofMailbox(census, h.ID)
			for _, c := range ofMailbox(counts, h.ID) {
				h.Stored += c.Stored
				h.Waiting += c.Waiting
				h.Quarantined += c.Quarantined
			}
		}
		return nil
	})
	return out, err
}

func ofMailbox(counts []crm.FolderCount, id crm.MailboxID) []crm.FolderCount {
	var out []crm.FolderCount
	for _, c := range counts {
		if c.Mailbox == id {
			out = append(out, c)
		}
	}
	return out
}

// FolderCounts counts, folder by folder of a mailbox, where its UIDs are now
// with us. InMailbox and At are for the caller, who asks the server.
func (s *Store) FolderCounts(ctx context.Context, mailbox crm.MailboxID) ([]crm.FolderCount, error) {
	var out []crm.FolderCount
	err := s.view(ctx, func(x *tx) (err error) {
		out, err = x.folderCounts(mailbox)
		return err
	})
	return out, err
}

// folderCounts counts the folders of a mailbox, or of all of them when it is
// 0. Only what is of a folder's present UIDVALIDITY counts; a folder left out
// by choice is named, and nothing in it counted.
func (x *tx) folderCounts(mailbox crm.MailboxID) ([]crm.FolderCount, error) {
	rows, err := x.query(`SELECT b.id, b.label, b.address, f.id, f.name, f.enabled FROM folders f JOIN mailboxes b ON b.id = f.mailbox_id
WHERE b.removed_us = 0 AND (b.id = $1 OR CAST($2 AS BIGINT) = 0) ORDER BY b.id, f.name, f.id`, int64(mailbox), int64(mailbox))
	out, err := collect(rows, err, func(r *sql.Rows, c *crm.FolderCount) error {
		var label, address string
		var enabled int64
		err := r.Scan(&c.Mailbox, &label, &address, &c.Folder, &c.FolderName, &enabled)
		c.MailboxName, c.Captured, c.Withheld = cmp.Or(label, address), enabled != 0, map[crm.Rule]int{}
		return err
	})
	if err != nil {
		return nil, err
	}
	at := map[crm.FolderID]*crm.FolderCount{}
	var ids []int64
	for i := range out {
		if out[i].Captured {
			at[out[i].Folder] = &out[i]
			ids = append(ids, int64(out[i].Folder))
		}
	}
	if err := each(x, `SELECT f.id, count(*) FROM folders f JOIN sightings g ON g.folder_id = f.id AND g.uidvalidity = f.uidvalidity WHERE g.gone_us = 0 AND f.id IN (IN) GROUP BY f.id`, nil, ids, func(r *sql.Rows) error {
		var f crm.FolderID
		var n int
		err := r.Scan(&f, &n)
		at[f].Stored = n
		return err
	}); err != nil {
		return nil, err
	}
	return out, each(x, `SELECT f.id, u.state, u.rule, count(*) FROM folders f JOIN uids u ON u.folder_id = f.id AND u.uidvalidity = f.uidvalidity WHERE f.id IN (IN) GROUP BY f.id, u.state, u.rule`, nil, ids, func(r *sql.Rows) error {
		var f crm.FolderID
		var state string
		var rule crm.Rule
		var n int
		if err := r.Scan(&f, &state, &rule, &n); err != nil {
			return err
		}
		switch c := at[f]; state {
		case crm.UIDWithheld:
			c.Withheld[rule] += n
		case crm.UIDQuarantined:
			c.Quarantined += n
		default:
			c.Waiting += n
		}
		return nil
	})
}

// censusRow is a census as it is kept, as JSON; names are those of now.
type censusRow struct {
	InMailbox   int              `json:"in_mailbox"`
	Stored      int              `json:"stored"`
	Withheld    map[crm.Rule]int `json:"withheld,omitempty"`
	Waiting     int              `json:"waiting"`
	Quarantined int              `json:"quarantined"`
	Captured    bool             `json:"captured"`
	Error       string           `json:"error,omitempty"`
}

// SaveCensus keeps the census of these folders in place of their last one.
func (s *Store) SaveCensus(ctx context.Context, counts []crm.FolderCount) error {
	mailboxes := map[crm.MailboxID]bool{}
	var rows []any
	seen := map[crm.FolderID]bool{}
	for _, c := range counts {
		if seen[c.Folder] {
			continue
		}
		seen[c.Folder] = true
		j, err := json.Marshal(censusRow{c.InMailbox, c.Stored, c.Withheld, c.Waiting, c.Quarantined, c.Captured, c.Error})
		if err != nil {
			return err
		}
		rows = append(rows, int64(c.Folder), string(j), micros(c.At))
		mailboxes[c.Mailbox] = true
	}
	return s.write(ctx, func(x *tx) error {
		for _, id := range sortedKeys(mailboxes) {
			x.tell(crm.Event{Kind: "mailbox", Mailbox: id})
		}
		return x.insert(`INSERT INTO census (folder_id, counts, at_us) VALUES `, 3, rows, ` ON CONFLICT (folder_id) DO UPDATE SET counts = excluded.counts, at_us = excluded.at_us`)
	})
}

// LastCensus gives the last census of each folder.
func (s *Store) LastCensus(ctx context.Context, v crm.Viewer) ([]crm.FolderCount, error) {
	if !mayRead(v) {
		return nil, nil
	}
	var out []crm.FolderCount
	err := s.view(ctx, func(x *tx) (err error) {
		out, err = x.lastCensus()
		return err
	})
	return out, err
}

func (x *tx) lastCensus() ([]crm.FolderCount, error) {
	rows, err := x.query(`SELECT b.id, b.label, b.address, f.id, f.name, c.counts, c.at_us FROM census c JOIN folders f ON f.id = c.folder_id JOIN mailboxes b ON b.id = f.mailbox_id
WHERE b.removed_us = 0 ORDER BY b.id, f.name, f.id`)
	return collect(rows, err, func(r *sql.Rows, c *crm.FolderCount) error {
		var label, address, j string
		var at int64
		if err := r.Scan(&c.Mailbox, &label, &address, &c.Folder, &c.FolderName, &j, &at); err != nil {
			return err
		}
		var k censusRow
		if err := json.Unmarshal([]byte(j), &k); err != nil {
			return err
		}
		c.MailboxName, c.At = cmp.Or(label, address), fromMicros(at)
		c.InMailbox, c.Stored, c.Withheld, c.Waiting, c.Quarantined = k.InMailbox, k.Stored, k.Withheld, k.Waiting, k.Quarantined
		c.Captured, c.Error = k.Captured, k.Error
		return nil
	})
}

// Quarantine lists the mails kept aside: those of the viewer's own mailboxes,
// for an administrator all.
func (s *Store) Quarantine(ctx context.Context, v crm.Viewer) ([]crm.Quarantined, error) {
	if !mayRead(v) {
		return nil, nil
	}
	// A row of quarantine notes any failure; the state of the UID says whether
	// it is kept aside.
	rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT q.folder_id, f.mailbox_id, b.label, b.address, f.name, q.uidvalidity, q.uid, q.reason, q.tries, q.size, q.at_us, b.staff_id
FROM quarantine q JOIN uids u ON u.folder_id = q.folder_id AND u.uid = q.uid AND u.uidvalidity = q.uidvalidity
JOIN folders f ON f.id = q.folder_id JOIN mailboxes b ON b.id = f.mailbox_id WHERE u.state = $1 ORDER BY b.id, f.id, q.uid, q.uidvalidity`), crm.UIDQuarantined)
	out, err := collect(rows, err, func(r *sql.Rows, q *struct {
		crm.Quarantined
		owner crm.StaffID
	}) error {
		var label, address string
		var at int64
		err := r.Scan(&q.Folder, &q.Mailbox, &label, &address, &q.FolderName, &q.UIDValidity, &q.UID, &q.Reason, &q.Tries, &q.Size, &at, &q.owner)
		q.MailboxName, q.At = cmp.Or(label, address), fromMicros(at)
		return err
	})
	var list []crm.Quarantined
	for _, q := range out {
		if mayManage(v, q.owner) == nil {
			list = append(list, q.Quarantined)
		}
	}
	return list, err
}

// QuarantinedRaw gives the bytes of a mail kept aside. What could not be read
// may be private, so only the mailbox's owner and the program get it.
func (s *Store) QuarantinedRaw(ctx context.Context, v crm.Viewer, folder crm.FolderID, uid uint32) ([]byte, error) {
	var raw []byte
	var owner crm.StaffID
	err := s.r.QueryRowContext(ctx, s.bound.sql(`SELECT q.raw, b.staff_id FROM quarantine q JOIN folders f ON f.id = q.folder_id JOIN mailboxes b ON b.id = f.mailbox_id
WHERE q.folder_id = $1 AND q.uid = $2 ORDER BY q.at_us DESC, q.uidvalidity DESC LIMIT 1`), int64(folder), int64(uid)).Scan(&raw, &owner)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && !v.System && (v.Staff == 0 || v.Staff != owner):
		return nil, crm.Of("uid", crm.NotFound("no quarantined mail has UID %d in this folder", uid))
	case err == nil && len(raw) == 0:
		return nil, crm.Of("uid", crm.NotFound("the server never gave the bytes of UID %d; retry it, and they are asked for again", uid))
	}
	return raw, err
}

// Counts is how much there is of everything.
type Counts struct {
	Staff, Mailboxes, Folders                  int64
	Customers, Contacts, Notes                 int64
	Messages, Raws, Attachments, Conversations int64
	Sightings, Waiting, Withheld, Quarantined  int64
}

// Counts counts everything, for the program's own reports (doctor, backup).
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := s.view(ctx, func(x *tx) error {
		for _, q := range []struct {
			to   *int64
			from string
		}{
			{&c.Staff, `staff`}, {&c.Mailboxes, `mailboxes WHERE removed_us = 0`}, {&c.Folders, `folders`},
			{&c.Customers, `customers`}, {&c.Contacts, `contacts`}, {&c.Notes, `notes`},
			{&c.Messages, `messages`}, {&c.Raws, `raws`}, {&c.Attachments, `attachments`}, {&c.Conversations, `conversations`},
			{&c.Sightings, `sightings WHERE gone_us = 0`},
			{&c.Waiting, `uids WHERE state IN ('waiting', 'retry')`}, {&c.Withheld, `uids WHERE state = 'withheld'`}, {&c.Quarantined, `uids WHERE state = 'quarantined'`},
		} {
			if err := x.row(`SELECT count(*) FROM ` + q.from).Scan(q.to); err != nil {
				return err
			}
		}
		return nil
	})
	return c, err
}

// Integrity asks the engine whether the database is sound, and holds the counts
// of the ledger against its rows. It reads all of it.
func (s *Store) Integrity(ctx context.Context) error {
	return s.view(ctx, func(x *tx) error {
		if err := x.segmentsComplete(); err != nil {
			return err
		}
		if err := x.checkCounts(); err != nil {
			return err
		}
		if err := x.checkCorrespondence(); err != nil {
			return err
		}
		return x.integrity()
	})
}

func (x *tx) integrity() error {
	q := x.s.engine.integrity
	if q == "" {
		return nil
	}
	var n int
	if err := x.row(x.s.engine.refresh).Scan(&n); err != nil {
		return err
	}
	said, err := column[string](x, q)
	if err == nil && !slices.Equal(said, []string{"ok"}) {
		err = &crm.Error{Kind: crm.KindInternal, Text: "the database is damaged; restore the last backup: " + cmp.Or(firstOf(said), "no answer")}
	}
	return err
}

func firstOf(ss []string) string {
	if len(ss) == 0 {
		return ""
	}
	return ss[0]
}
