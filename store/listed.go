package store

import (
	"context"
	"database/sql"
	"time"

	"kaveri/crm"
)

// Listed takes a chunk of the envelope pass: what the header fields of these
// UIDs say. It notes who corresponds with us, admits those with whom mail goes
// both ways, gives each UID its row (waiting, or withheld by a rule), and moves
// the folder's cursor, all in one transaction. UIDs that are known already are
// left as they are; c must be of the epoch the UIDs belong to.
//
// After a change of UIDVALIDITY, a mail that was seen in the folder's earlier
// epoch is recognised by Message-ID, size and INTERNALDATE and bound to its
// new UID without being fetched.
func (s *Store) Listed(ctx context.Context, folder crm.FolderID, c crm.Cursor, list []crm.Listed) error {
	now := s.now()
	return s.write(ctx, func(x *tx) error {
		b, err := x.newBatch(now)
		if err != nil {
			return err
		}
		if err := b.listed(folder, c, list); err != nil {
			return err
		}
		x.tellOf(b.touched)
		return x.moveCursor(folder, c)
	})
}

func (b *batch) listed(folder crm.FolderID, cursor crm.Cursor, list []crm.Listed) error {
	list, err := b.unknown(folder, cursor.UIDValidity, list)
	if err != nil || len(list) == 0 {
		return err
	}
	if list, err = b.rebind(folder, cursor.UIDValidity, list); err != nil {
		return err
	}
	c, err := b.closedIn(folder)
	if err != nil {
		return err
	}
	var envelopes []*crm.Envelope
	for i := range list {
		if e := list[i].Envelope; e != nil && !b.covered(c, e) {
			envelopes = append(envelopes, e)
		}
	}
	if err := b.lookUpPeople(envelopes); err != nil {
		return err
	}
	// First everybody's correspondence, then who becomes a customer: the order
	// within a chunk must not matter.
	for _, e := range envelopes {
		if err := b.correspond(e); err != nil {
			return err
		}
	}
	for _, e := range envelopes {
		if e.Class != crm.ClassHuman {
			continue
		}
		for _, p := range b.firm.Considered(e) {
			if !p.Address.LooksRobotic() && b.TwoWay(p.Address) {
				if err := b.admit(crm.Newcomer{Party: p.Party}, originTwoWay); err != nil {
					return err
				}
			}
		}
		if err := b.nameUnnamed(e); err != nil {
			return err
		}
	}
	if err := b.sortOut(folder, cursor.UIDValidity, list); err != nil {
		return err
	}
	if err := b.flush(); err != nil {
		return err
	}
	return b.follow()
}

// sortOut gives each UID its row.
func (b *batch) sortOut(folder crm.FolderID, epoch uint32, list []crm.Listed) error {
	if err := b.lookUpWanted(list); err != nil {
		return err
	}
	c, err := b.closedIn(folder)
	if err != nil {
		return err
	}
	for i := range list {
		l := &list[i]
		b.under(l.Policy)
		b.listenTo(folder, l)
		if l.Envelope == nil {
			b.uids = append(b.uids, int64(folder), int64(epoch), int64(l.UID), crm.UIDWaiting, "", l.Size, micros(l.Internal), 0)
			continue
		}
		state, rule := crm.UIDWaiting, b.firm.Screen(l.Envelope)
		switch {
		case c.all && rule == "":
			state, rule = crm.UIDWithheld, crm.RuleExcluded
		case rule == "" && crm.Concerns(l.Envelope, b.x.s.keyring): // what it says of our own mail counts, kept or not
		case rule != "":
			state = crm.UIDWithheld
		case !b.firm.BodyTells(l.Envelope) && b.covered(c, l.Envelope):
			state, rule = crm.UIDWithheld, crm.RuleExcluded
		case b.firm.Policy == crm.PolicyKnown && !b.firm.BodyTells(l.Envelope) && !b.belongs(l.Envelope):
			state, rule = crm.UIDWithheld, crm.RuleNoCustomer
			for _, k := range b.keysOf(l.Envelope) {
				b.uidKeys = append(b.uidKeys, k, int64(folder), int64(l.UID), int64(epoch))
			}
		}
		b.uids = append(b.uids, int64(folder), int64(epoch), int64(l.UID), state, string(rule), l.Size, micros(l.Internal), b.idKey(l.Envelope))
	}
	return nil
}

// belongs reports whether a mail has a wanted key: a contact's address, or a
// Message-ID of a contact's conversation.
func (b *batch) belongs(e *crm.Envelope) bool {
	for _, k := range b.keysOf(e) {
		if b.wanted[k] {
			return true
		}
	}
	return false
}

func (b *batch) lookUpWanted(list []crm.Listed) error {
	var keys []int64
	for i := range list {
		if b.under(list[i].Policy); b.firm.Policy == crm.PolicyKnown && list[i].Envelope != nil {
			keys = append(keys, b.keysOf(list[i].Envelope)...)
		}
	}
	return each(b.x, `SELECT key FROM wanted_keys WHERE key IN (IN)`, nil, distinct(keys), func(r *sql.Rows) error {
		var k int64
		if err := r.Scan(&k); err != nil {
			return err
		}
		b.wanted[k] = true
		return nil
	})
}

// unknown drops the UIDs that have a row or a sighting.
func (b *batch) unknown(folder crm.FolderID, epoch uint32, list []crm.Listed) ([]crm.Listed, error) {
	have := map[uint32]bool{}
	uids := make([]int64, len(list))
	for i := range list {
		uids[i] = int64(list[i].UID)
	}
	for _, q := range []string{
		`SELECT uid FROM sightings WHERE folder_id = $1 AND uidvalidity = $2 AND uid IN (IN)`,
		`SELECT uid FROM uids WHERE folder_id = $1 AND uidvalidity = $2 AND uid IN (IN)`,
	} {
		if err := each(b.x, q, []any{int64(folder), int64(epoch)}, uids, func(r *sql.Rows) error {
			var u int64
			if err := r.Scan(&u); err != nil {
				return err
			}
			have[uint32(u)] = true
			return nil
		}); err != nil {
			return nil, err
		}
	}
	var out []crm.Listed
	for _, l := range list {
		if !have[l.UID] {
			have[l.UID] = true
			out = append(out, l)
		}
	}
	return out, nil
}

// rebind binds the UIDs whose mail was seen in an earlier epoch of the folder,
// and gives the others. Only one match is a match.
func (b *batch) rebind(folder crm.FolderID, epoch uint32, list []crm.Listed) ([]crm.Listed, error) {
	var earlier int64
	if err := b.x.row(`SELECT earlier FROM folders WHERE id = $1`, int64(folder)).Scan(&earlier); err != nil || earlier == 0 {
		return list, err
	}
	var rest []crm.Listed
	for _, l := range list {
		var n, message, raw int64
		if l.Envelope != nil && l.Envelope.MessageID != "" {
			if err := b.x.row(`SELECT count(DISTINCT s.raw_id), COALESCE(min(s.message_id), 0), COALESCE(min(s.raw_id), 0)
FROM thread_ids t JOIN messages m ON m.conversation_id = t.conversation_id AND m.message_id = t.message_id
JOIN sightings s ON s.message_id = m.id JOIN raws r ON r.id = s.raw_id
WHERE t.message_id = $1 AND s.folder_id = $2 AND s.uidvalidity <> $3 AND s.internal_us = $4 AND r.size = $5`,
				l.Envelope.MessageID, int64(folder), int64(epoch), micros(l.Internal), l.Size).Scan(&n, &message, &raw); err != nil {
				return nil, err
			}
		}
		if n != 1 {
			rest = append(rest, l)
			continue
		}
		b.sightings = append(b.sightings, int64(folder), int64(epoch), int64(l.UID), message, raw, micros(l.Internal), micros(b.now), 0)
		if err := b.x.exec(`DELETE FROM sightings WHERE folder_id = $1 AND message_id = $2 AND uidvalidity <> $3 AND internal_us = $4`,
			int64(folder), message, int64(epoch), micros(l.Internal)); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// moveCursor saves the cursor. Two processes may follow one mailbox at once:
// the marks only ever widen within an epoch.
func (x *tx) moveCursor(folder crm.FolderID, c crm.Cursor) error {
	return x.exec(`UPDATE folders SET
high = CASE WHEN uidvalidity = $1 AND high > $2 THEN high ELSE $3 END,
low = CASE WHEN uidvalidity = $4 AND low > 0 AND low < $5 THEN low ELSE $6 END,
modseq = CASE WHEN $7 > 0 THEN $8 ELSE modseq END, present = $9, uidvalidity = $10 WHERE id = $11`,
		int64(c.UIDValidity), int64(c.High), int64(c.High), int64(c.UIDValidity), int64(c.Low), int64(c.Low),
		int64(c.ModSeq), int64(c.ModSeq), int64(c.Exists), int64(c.UIDValidity), int64(folder))
}

// Due gives the UIDs of a folder whose bodies are to be fetched, newest first:
// those waiting, and those tried before whose time has come.
func (s *Store) Due(ctx context.Context, folder crm.FolderID, epoch uint32, limit int) ([]crm.Due, error) {
	return s.due(ctx, `SELECT uid, size FROM uids WHERE folder_id = $1 AND uidvalidity = $2 AND (state = 'waiting' OR state = 'retry' AND next_us <= $3) ORDER BY uid DESC LIMIT $4`,
		int64(folder), int64(epoch), micros(s.now()), limit)
}

// DueBelow is [Store.Due] for the UIDs under below: a backfill asks for the
// next ones while the ones before are under way.
func (s *Store) DueBelow(ctx context.Context, folder crm.FolderID, epoch, below uint32, limit int) ([]crm.Due, error) {
	return s.due(ctx, `SELECT uid, size FROM uids WHERE folder_id = $1 AND uidvalidity = $2 AND uid < $3 AND (state = 'waiting' OR state = 'retry' AND next_us <= $4) ORDER BY uid DESC LIMIT $5`,
		int64(folder), int64(epoch), int64(below), micros(s.now()), limit)
}

func (s *Store) due(ctx context.Context, query string, args ...any) ([]crm.Due, error) {
	rows, err := s.r.QueryContext(ctx, s.bound.sql(query), args...)
	return collect(rows, err, func(r *sql.Rows, d *crm.Due) error { return r.Scan(&d.UID, &d.Size) })
}

// retryAfter is how long a UID rests after its n-th failure.
func retryAfter(n int) time.Duration { return time.Duration(n*n) * 30 * time.Second }

// MaxTries is how often a mail may fail before it is quarantined.
const MaxTries = 3
