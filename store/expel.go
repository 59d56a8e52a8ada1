package store

import (
	"database/sql"
	"slices"

	"kaveri/crm"
)

// This file judges stored mail by the exclusions.

// spot is a sighting as the exclusions see it.
type spot struct {
	place
	message    int64
	box        crm.MailboxID
	shut, gone bool // its folder is excluded; it has left there
	listed     bool // the folder is followed, and the UID means something there
	size, at   int64
}

// fate is what the exclusions do to a stored mail.
type fate struct {
	goes   bool
	byHand bool   // it would, but a colleague holds on to it
	leaves []spot // where it is not kept any more
}

// fates says what the exclusions do to these mails; whom they leave alone is not
// in it. What colleagues have said about them is looked up already.
func (b *batch) fates(mails []*storedMail) (map[int64]fate, error) {
	out := map[int64]fate{}
	var ask []int64
	for _, m := range mails {
		firm := b.firm.Excludes(b.firm.Excluded, &m.Facts)
		if firm {
			out[m.id] = fate{goes: true}
		}
		if firm || b.ex.partial() {
			ask = append(ask, m.id)
		}
	}
	spots, err := b.spots(ask)
	if err == nil {
		err = b.held(mails, ask)
	}
	if err != nil {
		return nil, err
	}
	for _, m := range mails {
		f := out[m.id]
		if f.goes {
			f.leaves = spots[m.id]
		} else {
			f.leaves, f.goes = b.leaves(m, spots[m.id])
		}
		if m.Held {
			f = fate{byHand: f.goes}
		}
		if f.goes || f.byHand || len(f.leaves) > 0 {
			out[m.id] = f
		} else {
			delete(out, m.id)
		}
	}
	return out, nil
}

// held marks the mails that colleagues hold on to: they have said whose it is, or
// have written down a wish of it.
func (b *batch) held(mails []*storedMail, ids []int64) error {
	wished, err := b.x.idsIn(`SELECT DISTINCT message_id FROM wishes WHERE `+confirmed+` AND message_id IN (IN)`, ids)
	for _, m := range mails {
		m.Held = slices.Contains(wished, m.id) || slices.ContainsFunc(b.said[m.id], func(c crm.Correction) bool { return c.Belongs })
	}
	return err
}

// confirmed holds for wishes that a colleague has written down or taken over.
const confirmed = `state NOT IN ('proposed', 'dismissed')`

// leaves judges a mail mailbox by mailbox: it goes when no mailbox keeps it. A
// mailbox does not keep what its owner excludes, nor what lies in its excluded
// folders and nowhere else in it.
func (b *batch) leaves(m *storedMail, spots []spot) (out []spot, goes bool) {
	kept, excluded := 0, 0
	for i := 0; i < len(spots); {
		j := i
		shut, open := false, false
		for ; j < len(spots) && spots[j].box == spots[i].box; j++ {
			shut = shut || spots[j].shut
			open = open || !spots[j].shut && !spots[j].gone
		}
		if shut && !open || b.firm.Excludes(b.ex.own[spots[i].box], &m.Facts) {
			excluded++
			out = append(out, spots[i:j]...)
		} else {
			kept++
			for _, s := range spots[i:j] {
				if s.shut {
					out = append(out, s)
				}
			}
		}
		i = j
	}
	return out, excluded > 0 && kept == 0
}

// spots reads where mails were seen, mailbox by mailbox.
func (b *batch) spots(messages []int64) (map[int64][]spot, error) {
	out := map[int64][]spot{}
	err := each(b.x, `SELECT g.message_id, g.folder_id, g.uidvalidity, g.uid, g.gone_us, g.internal_us, r.size, f.name, f.enabled, f.uidvalidity, b.id, b.state, b.removed_us
FROM sightings g JOIN raws r ON r.id = g.raw_id JOIN folders f ON f.id = g.folder_id JOIN mailboxes b ON b.id = f.mailbox_id WHERE g.message_id IN (IN)
ORDER BY g.message_id, b.id, g.folder_id, g.uidvalidity, g.uid`, nil, messages, func(r *sql.Rows) error {
		var s spot
		var gone, enabled, epoch, removed int64
		var name string
		var state crm.MailboxState
		if err := r.Scan(&s.message, &s.folder, &s.uidValidity, &s.uid, &gone, &s.at, &s.size, &name, &enabled, &epoch, &s.box, &state, &removed); err != nil {
			return err
		}
		s.gone, s.shut = gone != 0, b.ex.shut(s.box, name)
		s.listed = !s.gone && !s.shut && state != crm.MailboxImported && enabled != 0 && removed == 0 && epoch == int64(s.uidValidity)
		out[s.message] = append(out[s.message], s)
		return nil
	})
	return out, err
}

// expel removes those of these mails that are excluded, and gives the others.
func (b *batch) expel(mails []*storedMail) ([]*storedMail, error) {
	if b.firm.Excluded.Empty() && !b.ex.partial() {
		return mails, nil
	}
	fates, err := b.fates(mails)
	if err != nil || len(fates) == 0 {
		return mails, err
	}
	var rest, gone []*storedMail
	for _, m := range mails {
		f := fates[m.id]
		for _, s := range f.leaves {
			if err := b.leave(m, s); err != nil {
				return nil, err
			}
		}
		if f.goes {
			gone = append(gone, m)
		} else {
			rest = append(rest, m)
		}
		if f.goes || len(f.leaves) > 0 {
			for c := range m.links {
				b.touched[int64(m.links[c].Customer)] = true
			}
		}
	}
	return rest, b.forget(gone)
}

// leave takes a mail from a place where it is not kept any more. The UID is
// withheld from then on, like that of a mail that was excluded when it came.
func (b *batch) leave(m *storedMail, s spot) error {
	if s.listed {
		b.uids = append(b.uids, int64(s.folder), int64(s.uidValidity), int64(s.uid), crm.UIDWithheld, string(crm.RuleExcluded), s.size, s.at, b.idKey(m.Envelope))
	}
	return b.x.exec(`DELETE FROM sightings WHERE folder_id = $1 AND uid = $2 AND uidvalidity = $3`, int64(s.folder), int64(s.uid), int64(s.uidValidity))
}

// effect counts what the exclusions would do to these mails.
func (b *batch) effect(ids []int64) (e crm.ExclusionEffect, err error) {
	for part := range slices.Chunk(ids, staleChunk) {
		mails, err := b.x.storedMails(part, &b.firm)
		if err == nil {
			err = b.lookUpCorrections(part)
		}
		if err != nil {
			return e, err
		}
		fates, err := b.fates(mails)
		if err != nil {
			return e, err
		}
		for _, f := range fates {
			switch {
			case f.goes:
				e.Removed++
			case f.byHand:
				e.ByHand++
			default:
				e.Shared++
			}
		}
	}
	return e, nil
}
