package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"kaveri/crm"
)

// excluded is what the exclusions say, read for one transaction. Those of the
// firm's addresses and domains stand in [crm.Firm.Excluded].
type excluded struct {
	own     map[crm.MailboxID]*crm.Exclusions // addresses and domains of one mailbox
	folders map[crm.MailboxID][]string        // at 0: of every mailbox
	places  map[crm.FolderID]*closed          // looked up so far
}

// closed is what of a folder's mail is not kept.
type closed struct {
	all bool            // nothing is
	who *crm.Exclusions // nil: nobody beside whom the firm excludes
}

func (e *excluded) add(firm *crm.Firm, n crm.Exclusion) {
	switch {
	case n.Kind == crm.ExcludedFolder:
		e.folders[n.Mailbox] = append(e.folders[n.Mailbox], n.Value)
	case n.Mailbox == 0:
		if firm.Excluded == nil {
			firm.Excluded = &crm.Exclusions{}
		}
		firm.Excluded.Add(n)
	default:
		if e.own[n.Mailbox] == nil {
			e.own[n.Mailbox] = &crm.Exclusions{}
		}
		e.own[n.Mailbox].Add(n)
	}
}

// partial reports whether what is kept depends on the mailbox.
func (e *excluded) partial() bool { return len(e.own)+len(e.folders) > 0 }

// shut reports whether a folder is excluded.
func (e *excluded) shut(box crm.MailboxID, name string) bool {
	return crm.InFolder(name, e.folders[0]) || crm.InFolder(name, e.folders[box])
}

// excluded reads the exclusions; those of the firm go into it.
func (x *tx) excluded(firm *crm.Firm) (*excluded, error) {
	e := &excluded{own: map[crm.MailboxID]*crm.Exclusions{}, folders: map[crm.MailboxID][]string{}, places: map[crm.FolderID]*closed{}}
	list, err := x.exclusions(`TRUE`)
	for _, n := range list {
		e.add(firm, n)
	}
	return e, err
}

func (x *tx) exclusions(condition string, args ...any) ([]crm.Exclusion, error) {
	rows, err := x.query(`SELECT id, mailbox_id, kind, value, COALESCE(staff_id, 0), at_us FROM exclusions WHERE `+condition+` ORDER BY mailbox_id, kind, value, id`, args...)
	return collect(rows, err, func(r *sql.Rows, e *crm.Exclusion) error {
		var at int64
		err := r.Scan(&e.ID, &e.Mailbox, &e.Kind, &e.Value, &e.Staff, &at)
		e.At = fromMicros(at)
		return err
	})
}

// closedIn says what of a folder's mail is not kept.
func (b *batch) closedIn(folder crm.FolderID) (*closed, error) {
	if !b.ex.partial() {
		return &closed{}, nil
	}
	if c := b.ex.places[folder]; c != nil {
		return c, nil
	}
	var box crm.MailboxID
	var name string
	err := b.x.row(`SELECT mailbox_id, name FROM folders WHERE id = $1`, int64(folder)).Scan(&box, &name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	c := &closed{all: b.ex.shut(box, name), who: b.ex.own[box]}
	b.ex.places[folder] = c
	return c, nil
}

// covered reports whether exclusions cover what the envelope of a mail says.
func (b *batch) covered(c *closed, e *crm.Envelope) bool {
	m := &crm.Facts{Envelope: e}
	return c.all || b.firm.Excludes(b.firm.Excluded, m) || b.firm.Excludes(c.who, m)
}

// mayExclude: an administrator excludes for the firm, a colleague for the own
// mailbox and nobody else's: whom somebody excludes may be nobody's business.
func (x *tx) mayExclude(v crm.Viewer, box crm.MailboxID) error {
	if box == 0 {
		if v.MayAdminister() {
			return nil
		}
		return crm.Forbidden("only an administrator may change what the firm excludes")
	}
	m, _, err := x.mailbox(box)
	if err == nil && !v.System && (v.Staff == 0 || v.Staff != m.Staff) {
		err = crm.Forbidden("only its owner may see or change what a mailbox excludes")
	}
	return err
}

// Exclusions lists what is excluded in a mailbox, or (0) in the whole firm. The
// firm's every colleague may see, a mailbox's its owner.
func (s *Store) Exclusions(ctx context.Context, v crm.Viewer, box crm.MailboxID) (list []crm.Exclusion, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		if box != 0 {
			if err := x.mayExclude(v, box); err != nil {
				return err
			}
		}
		list, err = x.exclusions(`mailbox_id = $1`, int64(box))
		return err
	})
	return list, err
}

// PreviewExclusion says what an exclusion would do to stored mail, and changes
// nothing. The numbers are the same for every viewer.
func (s *Store) PreviewExclusion(ctx context.Context, v crm.Viewer, e crm.Exclusion) (effect crm.ExclusionEffect, err error) {
	err = s.view(ctx, func(x *tx) error {
		if err := x.mayExclude(v, e.Mailbox); err != nil {
			return err
		}
		b, ids, err := x.concernedBy(&e)
		if err == nil {
			effect, err = b.effect(ids)
		}
		return err
	})
	return effect, err
}

// AddExclusion excludes an address, a domain or a folder, and gives what that
// did. Stored mail that is now excluded is removed for good before it returns,
// with all that was made from it. One that is there already is a conflict.
func (s *Store) AddExclusion(ctx context.Context, v crm.Viewer, e crm.Exclusion) (added crm.Exclusion, effect crm.ExclusionEffect, err error) {
	err = s.write(ctx, func(x *tx) error {
		if err := x.mayExclude(v, e.Mailbox); err != nil {
			return err
		}
		added = e
		b, ids, err := x.concernedBy(&added)
		if err != nil {
			return err
		}
		if effect, err = b.effect(ids); err != nil {
			return err
		}
		if err := x.putExclusion(v, &added); err != nil {
			return err
		}
		if added.Kind == crm.ExcludedFolder {
			if err := x.relist(&added, false); err != nil {
				return err
			}
		}
		if err := x.tidyLater(); err != nil { // people may go although no mail does
			return err
		}
		x.tell(crm.Event{Kind: "mailbox", Mailbox: added.Mailbox})
		return x.markStale(ids)
	})
	if err == nil {
		err = s.decideStale(ctx)
	}
	return added, effect, err
}

func (x *tx) putExclusion(v crm.Viewer, e *crm.Exclusion) error {
	id, err := x.id()
	if err != nil {
		return err
	}
	e.ID, e.Staff, e.At = crm.ExclusionID(id), v.Staff, fromMicros(micros(x.s.now()))
	n, err := x.changed(`INSERT INTO exclusions (id, mailbox_id, kind, value, staff_id, at_us) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		id, int64(e.Mailbox), string(e.Kind), e.Value, orNull(e.Staff), micros(e.At))
	if err == nil && n == 0 {
		err = &crm.Error{Kind: crm.KindConflict, Field: "exclusion", Text: e.Value + " is excluded already"}
	}
	return err
}

// RemoveExclusion takes an exclusion back. What it withheld is fetched and judged
// anew, as far as the mailboxes still hold it.
func (s *Store) RemoveExclusion(ctx context.Context, v crm.Viewer, id crm.ExclusionID) error {
	err := s.write(ctx, func(x *tx) error {
		found, err := x.exclusions(`id = $1`, int64(id))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return crm.NotFound("no exclusion has the number %d", id)
		}
		e := found[0]
		if err := x.mayExclude(v, e.Mailbox); err != nil {
			return err
		}
		if err := x.exec(`DELETE FROM exclusions WHERE id = $1`, int64(id)); err != nil {
			return err
		}
		if e.Kind == crm.ExcludedFolder {
			if err := x.relist(&e, true); err != nil {
				return err
			}
		}
		if err := x.exec(`UPDATE uids SET state = 'waiting', rule = '' WHERE state = 'withheld' AND rule = $1
AND (CAST($2 AS BIGINT) = 0 OR folder_id IN (SELECT id FROM folders WHERE mailbox_id = $3))`, string(crm.RuleExcluded), int64(e.Mailbox), int64(e.Mailbox)); err != nil {
			return err
		}
		ids, err := x.naming(&e) // who was not considered is again
		if err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "mailbox", Mailbox: e.Mailbox})
		return x.markStale(ids)
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

// relist forgets what was listed in the folders that an exclusion names: it is
// listed again when they are open again. The next listing of the folders says
// whether they are.
func (x *tx) relist(e *crm.Exclusion, open bool) error {
	ids, err := x.foldersNamed(e)
	if err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM uids WHERE folder_id IN (IN)`,
		`DELETE FROM uid_keys WHERE folder_id IN (IN)`,
		`DELETE FROM quarantine WHERE folder_id IN (IN)`,
		`UPDATE folders SET uidvalidity = 0, high = 0, low = 0, modseq = 0, present = 0, earlier = 0 WHERE id IN (IN)`,
	} {
		if err := each(x, q, nil, ids, func(*sql.Rows) error { return nil }); err != nil {
			return err
		}
	}
	if open {
		return nil
	}
	return each(x, `UPDATE folders SET enabled = 0 WHERE id IN (IN)`, nil, ids, func(*sql.Rows) error { return nil })
}

// foldersNamed gives the folders that an exclusion names.
func (x *tx) foldersNamed(e *crm.Exclusion) ([]int64, error) {
	rows, err := x.query(`SELECT id, name FROM folders WHERE CAST($1 AS BIGINT) = 0 OR mailbox_id = $2 ORDER BY id`, int64(e.Mailbox), int64(e.Mailbox))
	type folder struct {
		id   int64
		name string
	}
	all, err := collect(rows, err, func(r *sql.Rows, f *folder) error { return r.Scan(&f.id, &f.name) })
	var ids []int64
	for _, f := range all {
		if crm.InFolder(f.name, []string{e.Value}) {
			ids = append(ids, f.id)
		}
	}
	return ids, err
}

// naming gives the stored mails that an exclusion may concern.
func (x *tx) naming(e *crm.Exclusion) ([]int64, error) {
	if e.Kind == crm.ExcludedFolder {
		folders, err := x.foldersNamed(e)
		if err != nil {
			return nil, err
		}
		ids, err := x.idsIn(`SELECT DISTINCT message_id FROM sightings WHERE folder_id IN (IN)`, folders)
		return distinct(ids), err
	}
	query, value := `SELECT id, address FROM addresses WHERE canonical = $1`, string(crm.Address(e.Value).Canonical())
	if e.Kind == crm.ExcludedDomain {
		query, value = `SELECT id, address FROM addresses WHERE domain = $1`, crm.Address("x@"+e.Value).Organisation()
	}
	var who crm.Exclusions
	who.Add(*e)
	rows, err := x.query(query, value)
	var addresses []int64
	if err == nil {
		err = scanAll(rows, func(r *sql.Rows) error {
			var id int64
			var a crm.Address
			err := r.Scan(&id, &a)
			if who.Has(a) {
				addresses = append(addresses, id)
			}
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	ids, err := x.idsIn(`SELECT DISTINCT message_id FROM participants WHERE address_id IN (IN)`, addresses)
	return distinct(ids), err
}

// concernedBy checks an exclusion, and gives the mails that it may concern and a
// batch that knows it.
func (x *tx) concernedBy(e *crm.Exclusion) (*batch, []int64, error) {
	n, err := crm.NewExclusion(e.Kind, e.Value)
	if err != nil {
		return nil, nil, err
	}
	e.Value = n.Value
	b, err := x.newBatch(x.s.now())
	if err != nil {
		return nil, nil, err
	}
	who := crm.Address(e.Value)
	if e.Kind == crm.ExcludedDomain {
		who = crm.Address("x@" + e.Value)
	}
	if e.Kind != crm.ExcludedFolder && (b.firm.Internal(who) || slices.Contains(b.firm.Domains, e.Value)) {
		return nil, nil, crm.Invalid("exclusion", "%s is one of you: mail among colleagues is left out by the capture policy", e.Value)
	}
	b.ex.add(&b.firm, *e)
	ids, err := x.naming(e)
	return b, ids, err
}

// closedFolders gives the folders that are excluded in a mailbox, by name.
func (e *excluded) closedFolders(box crm.MailboxID) []string {
	return append(slices.Clone(e.folders[0]), e.folders[box]...)
}
