package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"kaveri/crm"
)

// importChange is one thing that an import has changed.
type importChange struct {
	n, contact  int64
	kind, value string
}

// UndoContactImport takes back what an import has changed, as far as nobody has built
// on it since: a customer with mail, notes or a colleague's word stays, and so
// does what a merge has moved. One that is undone already is an error of kind
// [crm.KindConflict]. What an opt-out rests on is never touched.
func (s *Store) UndoContactImport(ctx context.Context, v crm.Viewer, id crm.ImportID) (out crm.ImportUndone, err error) {
	if !mayRead(v) {
		return out, errNobody
	}
	if err := s.view(ctx, func(x *tx) error { return x.mayUndoContacts(id) }); err != nil {
		return out, err
	}
	// First what was given to contacts, so that mail finds its place without it;
	// then the customers that are left with nothing. Done in part it can be done
	// again: what is gone is not missed.
	for _, step := range []func(*tx, []importChange, *crm.ImportUndone) error{(*tx).takeFromContacts, (*tx).removeImported} {
		if err := s.undoSteps(ctx, id, &out, step); err != nil {
			return out, err
		}
		if err := s.decideStale(ctx); err != nil {
			return out, err
		}
	}
	return out, s.write(ctx, func(x *tx) error {
		return x.exec(`UPDATE contact_imports SET undone_us = $1 WHERE id = $2`, micros(s.now()), int64(id))
	})
}

func (x *tx) mayUndoContacts(id crm.ImportID) error {
	undone, err := column[int64](x, `SELECT undone_us FROM contact_imports WHERE id = $1`, int64(id))
	switch {
	case err != nil:
		return err
	case len(undone) == 0:
		return crm.Of("import", crm.NotFound("no import has the number %d", id))
	case undone[0] != 0:
		return crm.Of("import", crm.Conflict("this import is undone already"))
	}
	return nil
}

// undoSteps takes a step with all changes of an import, the last first, some a
// transaction.
func (s *Store) undoSteps(ctx context.Context, id crm.ImportID, out *crm.ImportUndone, step func(*tx, []importChange, *crm.ImportUndone) error) error {
	for before := int64(1) << 62; ; {
		var some []importChange
		var did crm.ImportUndone
		err := s.write(ctx, func(x *tx) error {
			did = crm.ImportUndone{} // the closure may run again
			rows, err := x.query(`SELECT n, contact_id, kind, value FROM contact_import_changes WHERE import_id = $1 AND n < $2 ORDER BY n DESC LIMIT $3`, int64(id), before, importChunk)
			some, err = collect(rows, err, func(r *sql.Rows, c *importChange) error { return r.Scan(&c.n, &c.contact, &c.kind, &c.value) })
			if err != nil || len(some) == 0 {
				return err
			}
			return step(x, some, &did)
		})
		if err != nil || len(some) == 0 {
			return err
		}
		before = some[len(some)-1].n
		out.Customers, out.Addresses, out.Phones, out.Notes = out.Customers+did.Customers, out.Addresses+did.Addresses, out.Phones+did.Phones, out.Notes+did.Notes
		out.Kept = append(out.Kept, did.Kept...)
	}
}

// takeFromContacts takes addresses, phones and notes from contacts. An address whose
// time a colleague has changed since is theirs.
func (x *tx) takeFromContacts(changes []importChange, out *crm.ImportUndone) error {
	b, err := x.newBatch(x.s.now())
	if err != nil {
		return err
	}
	for _, c := range changes {
		var n int64
		switch c.kind {
		case "address":
			n, err = x.changed(`DELETE FROM contact_addresses WHERE contact_id = $1 AND from_us = 0 AND until_us = 0 AND address_id = (SELECT id FROM addresses WHERE address = $2)`, c.contact, c.value)
			out.Addresses += int(n)
			b.changed[crm.Address(c.value).Canonical()] = 0
		case "phone":
			n, err = x.changed(`DELETE FROM phones WHERE contact_id = $1 AND phone = $2`, c.contact, c.value)
			out.Phones += int(n)
		case "note":
			id, _ := strconv.ParseInt(c.value, 10, 64)
			n, err = x.changed(`DELETE FROM notes WHERE id = $1`, id)
			out.Notes += int(n)
		}
		if err != nil {
			return err
		}
		if n > 0 {
			if customer, err := x.contact(crm.ContactID(c.contact)); err == nil {
				b.touched[customer] = true
			}
		}
	}
	return b.finish()
}

// bare finds, of contacts, those that have no address and no phone any more.
const bare = `SELECT c.id FROM contacts c WHERE NOT EXISTS (SELECT 1 FROM contact_addresses u WHERE u.contact_id = c.id) AND NOT EXISTS (SELECT 1 FROM phones p WHERE p.contact_id = c.id) AND c.id IN (IN)`

// removeImported removes the customers that the import made and of whom nothing
// is known any more, and names those that stay.
func (x *tx) removeImported(changes []importChange, out *crm.ImportUndone) error {
	var made []int64
	for _, c := range changes {
		if c.kind == "customer" {
			made = append(made, c.contact)
		}
	}
	empty, err := x.idsOf(bare, made)
	if err != nil {
		return err
	}
	_, customers, err := x.forgetContacts(empty)
	if err != nil {
		return err
	}
	out.Customers += len(customers)
	stay, err := x.idsOf(`SELECT id FROM contacts WHERE id IN (IN)`, made)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.kind == "customer" && slices.Contains(stay, c.contact) {
			out.Kept = append(out.Kept, c.value+" stays: mail, notes or what colleagues or mailings have done hang on it")
		}
	}
	return nil
}
