package store

import (
	"context"
	"database/sql"
	"time"

	"kaveri/crm"
)

// SyncFolders makes the folders of a mailbox those that the server lists now,
// and gives them with their cursors. A folder that is not listed any more is
// switched off and kept: a list that lacks it is not evidence that it is gone.
func (s *Store) SyncFolders(ctx context.Context, mailbox crm.MailboxID, listed []crm.Folder) ([]crm.Folder, error) {
	err := s.write(ctx, func(x *tx) error {
		if err := x.exec(`UPDATE folders SET enabled = 0 WHERE mailbox_id = $1`, int64(mailbox)); err != nil {
			return err
		}
		for _, f := range listed {
			var id int64
			err := x.row(`SELECT id FROM folders WHERE mailbox_id = $1 AND name = $2`, int64(mailbox), f.Name).Scan(&id)
			switch {
			case err == sql.ErrNoRows:
				if id, err = x.id(); err != nil {
					return err
				}
				err = x.exec(`INSERT INTO folders (id, mailbox_id, name, special_use, enabled) VALUES ($1, $2, $3, $4, $5)`,
					id, int64(mailbox), f.Name, f.Use, flag(f.Enabled))
			case err == nil:
				err = x.exec(`UPDATE folders SET special_use = $1, enabled = $2 WHERE id = $3`, f.Use, flag(f.Enabled), id)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Folders(ctx, mailbox)
}

// Folders gives the folders of a mailbox with their cursors, by name.
func (s *Store) Folders(ctx context.Context, mailbox crm.MailboxID) ([]crm.Folder, error) {
	rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT id, mailbox_id, name, special_use, enabled, uidvalidity, high, low, modseq, present FROM folders WHERE mailbox_id = $1 ORDER BY name, id`), int64(mailbox))
	return collect(rows, err, func(r *sql.Rows, f *crm.Folder) error {
		var enabled, modseq int64
		err := r.Scan(&f.ID, &f.Mailbox, &f.Name, &f.Use, &enabled, &f.UIDValidity, &f.High, &f.Low, &modseq, &f.Exists)
		f.Enabled, f.ModSeq = enabled != 0, uint64(modseq)
		return err
	})
}

// NewEpoch starts a folder anew under another UIDVALIDITY. What was only
// listed is forgotten, for it will be listed again; sightings stay open until
// their mail is found under its new UID or [Store.Reconcile] closes them.
func (s *Store) NewEpoch(ctx context.Context, folder crm.FolderID, c crm.Cursor) error {
	return s.write(ctx, func(x *tx) error {
		for _, q := range []string{
			`DELETE FROM uids WHERE folder_id = $1 AND uidvalidity <> $2`,
			`DELETE FROM uid_keys WHERE folder_id = $1 AND uidvalidity <> $2`,
			`DELETE FROM quarantine WHERE folder_id = $1 AND uidvalidity <> $2`,
		} {
			if err := x.exec(q, int64(folder), int64(c.UIDValidity)); err != nil {
				return err
			}
		}
		if err := x.exec(`UPDATE folders SET earlier = 1 WHERE id = $1 AND uidvalidity NOT IN (0, $2)`, int64(folder), int64(c.UIDValidity)); err != nil {
			return err
		}
		return x.moveCursor(folder, c)
	})
}

// Fail notes UIDs that the server did not give or that could not be stored.
// After [MaxTries] a UID is quarantined with its bytes and reason; before, it
// is tried again later. It gives how many were quarantined now.
func (s *Store) Fail(ctx context.Context, folder crm.FolderID, epoch uint32, failures []crm.Failure) (quarantined int, err error) {
	now := s.now()
	err = s.write(ctx, func(x *tx) error {
		quarantined = 0
		for _, f := range failures {
			var tries int
			if err := x.row(`SELECT COALESCE(max(tries), 0) FROM uids WHERE folder_id = $1 AND uidvalidity = $2 AND uid = $3`, int64(folder), int64(epoch), int64(f.UID)).Scan(&tries); err != nil {
				return err
			}
			tries++
			state := crm.UIDRetry
			if tries >= MaxTries {
				state = crm.UIDQuarantined
				quarantined++
			}
			if err := x.exec(`INSERT INTO uids (folder_id, uidvalidity, uid, state, tries, next_us) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (folder_id, uid, uidvalidity) DO UPDATE SET state = excluded.state, tries = excluded.tries, next_us = excluded.next_us`,
				int64(folder), int64(epoch), int64(f.UID), state, tries, micros(now.Add(retryAfter(tries)))); err != nil {
				return err
			}
			if err := x.exec(`INSERT INTO quarantine (folder_id, uidvalidity, uid, reason, tries, size, raw, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (folder_id, uid, uidvalidity) DO UPDATE SET reason = excluded.reason, tries = excluded.tries, size = excluded.size, raw = excluded.raw, at_us = excluded.at_us`,
				int64(folder), int64(epoch), int64(f.UID), cut(f.Reason, 1000), tries, len(f.Raw), f.Raw, micros(now)); err != nil {
				return err
			}
		}
		return nil
	})
	return quarantined, err
}

// RetryQuarantined puts a quarantined mail back into line.
func (s *Store) RetryQuarantined(ctx context.Context, v crm.Viewer, folder crm.FolderID, uid uint32) error {
	return s.write(ctx, func(x *tx) error {
		var owner crm.StaffID
		err := x.row(`SELECT m.staff_id FROM folders f JOIN mailboxes m ON m.id = f.mailbox_id WHERE f.id = $1`, int64(folder)).Scan(&owner)
		if err == sql.ErrNoRows {
			return crm.Of("folder", crm.NotFound("no folder has the number %d", folder))
		}
		if err != nil {
			return err
		}
		if err := mayManage(v, owner); err != nil {
			return err
		}
		n, err := x.changed(`UPDATE uids SET state = 'waiting', tries = 0, next_us = 0 WHERE folder_id = $1 AND uid = $2 AND state = 'quarantined'`, int64(folder), int64(uid))
		if err == nil && n == 0 {
			err = crm.Of("uid", crm.NotFound("no quarantined mail has UID %d in this folder", uid))
		}
		return err
	})
}

// Reconcile holds a folder against the UIDs that the server lists now. It
// closes the sightings of UIDs that are gone, forgets rows of UIDs that are
// gone, and gives the UIDs that are nowhere with us: they are to be listed.
// present must be ascending and complete; a server's answer that may be cut
// short must not be given here.
func (s *Store) Reconcile(ctx context.Context, folder crm.FolderID, epoch uint32, present []uint32) (missing []uint32, err error) {
	now := s.now()
	err = s.write(ctx, func(x *tx) error {
		missing = nil
		have := make(map[uint32]bool, len(present)) // true: known with us
		for _, u := range present {
			have[u] = false
		}
		var left, forget []int64
		if err := x.uidsOf(`SELECT uid FROM sightings WHERE folder_id = $1 AND uidvalidity = $2 AND gone_us = 0`, folder, epoch, have, &left); err != nil {
			return err
		}
		if err := x.uidsOf(`SELECT uid FROM uids WHERE folder_id = $1 AND uidvalidity = $2`, folder, epoch, have, &forget); err != nil {
			return err
		}
		for _, u := range present {
			if !have[u] {
				missing = append(missing, u)
			}
		}
		return x.closePlaces(folder, epoch, left, forget, now)
	})
	return missing, err
}

// uidsOf marks in have the UIDs that a query gives, and lists those that are
// not present.
func (x *tx) uidsOf(query string, folder crm.FolderID, epoch uint32, have map[uint32]bool, absent *[]int64) error {
	rows, err := x.query(query, int64(folder), int64(epoch))
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		var u uint32
		if err := r.Scan(&u); err != nil {
			return err
		}
		if _, ok := have[u]; ok {
			have[u] = true
		} else {
			*absent = append(*absent, int64(u))
		}
		return nil
	})
}

func (x *tx) closePlaces(folder crm.FolderID, epoch uint32, left, forget []int64, now time.Time) error {
	none := func(*sql.Rows) error { return nil }
	if err := each(x, `UPDATE sightings SET gone_us = $1 WHERE folder_id = $2 AND uidvalidity = $3 AND uid IN (IN)`, []any{micros(now), int64(folder), int64(epoch)}, left, none); err != nil {
		return err
	}
	for _, table := range []string{"uids", "uid_keys", "quarantine"} {
		if err := each(x, `DELETE FROM `+table+` WHERE folder_id = $1 AND uidvalidity = $2 AND uid IN (IN)`, []any{int64(folder), int64(epoch)}, forget, none); err != nil {
			return err
		}
	}
	return nil
}

// CloseEpochs closes the sightings of a folder's earlier epochs: called when
// the present one is listed to its end, so what was there has been found.
func (s *Store) CloseEpochs(ctx context.Context, folder crm.FolderID, epoch uint32) error {
	return s.write(ctx, func(x *tx) error {
		if n, err := x.changed(`UPDATE folders SET earlier = 0 WHERE id = $1 AND earlier = 1`, int64(folder)); err != nil || n == 0 {
			return err
		}
		return x.exec(`UPDATE sightings SET gone_us = $1 WHERE folder_id = $2 AND uidvalidity <> $3 AND gone_us = 0`, micros(s.now()), int64(folder), int64(epoch))
	})
}
