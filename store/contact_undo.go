package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"kaveri/crm"
)

// importChange is one thing that an import has changed.
type importChange struct {
	n, contact  int64
	kind, value string
}

// UndoImport takes back what an import has changed, as far as nobody has built
// on it since: a customer with mail, notes or a colleague's word stays, and so
// does what a merge has moved. One that is undone already is an error of kind
// [crm.KindConflict]. What an opt-out rests on is never touched.
func (s *Store) UndoImport(ctx context.Context, v crm.Viewer, id crm.ImportID) (out crm.ImportUndone, err error) {
	if !mayRead(v) {
		return out, errNobody
	}
	if err := s.view(ctx, func(x *tx) error { return x.mayUndo(id) }); err != nil {
		return out, err
	}
	// First what was given to contacts, so that mail finds its place without it;
	// then the customers that are left with nothing. Done in part it can be done
	// again: what is gone is not missed.
	for _, step := range []func(*tx, []importChange, *crm.ImportUndone) error{(*tx).takeBack, (*tx).removeImported} {
		if err := s.undoSteps(ctx, id, &out, step); err != nil {
			return out, err
		}
		if err := s.decideStale(ctx); err != nil {
			return out, err
		}
	}
	return out, s.write(ctx, func(x *tx) error {
		return x.exec(`UPDATE imports SET undone_us = $1 WHERE id = $2`, micros(s.now()), int64(id))
	})
}

func (x *tx) mayUndo(id crm.ImportID) error {
	undone, err := column[int64](x, `SELECT undone_us FROM imports WHERE id = $1`, int64(id))
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
			rows, err := x.query(`SELECT n, contact_id, kind, value FROM import_changes WHERE import_id = $1 AND n < $2 ORDER BY n DESC LIMIT $3`, int64(id), before, importChunk)
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

// takeBack takes addresses, phones and notes from contacts. An address whose
// time a colleague has changed since is theirs.
func (x *tx) takeBack(changes []importChange, out *crm.ImportUndone) error {
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

// bare finds, of contacts, those that nothing hangs on any more, with their
// customers, which have no other.
const bare = `SELECT c.id, c.customer_id FROM contacts c JOIN customers k ON k.id = c.customer_id WHERE c.merged_into = 0 AND k.merged_into = 0 AND k.organisation_id IS NULL AND k.owner_id IS NULL AND k.language_said = 0
AND NOT EXISTS (SELECT 1 FROM contacts o WHERE o.customer_id = k.id AND o.id <> c.id)
AND NOT EXISTS (SELECT 1 FROM merges m WHERE m.kept_id = k.id OR m.gone_id = k.id)
AND NOT EXISTS (SELECT 1 FROM contact_addresses u WHERE u.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM phones p WHERE p.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM links l WHERE l.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM notes n WHERE n.customer_id = k.id)
AND NOT EXISTS (SELECT 1 FROM corrections r WHERE r.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM contact_details d WHERE d.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM reviews v WHERE (v.contact_id = c.id OR v.other_id = c.id) AND v.state <> 'open')
AND NOT EXISTS (SELECT 1 FROM recipients d WHERE d.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM consents s WHERE s.contact_id = c.id)
AND c.id IN (IN)`

// removeImported removes the customers that the import made and that are bare
// now, and names those that stay.
func (x *tx) removeImported(changes []importChange, out *crm.ImportUndone) error {
	var made []int64
	names := map[int64]string{}
	for _, c := range changes {
		if c.kind == "customer" {
			made = append(made, c.contact)
			names[c.contact] = c.value
		}
	}
	customers := map[int64]int64{}
	if err := each(x, bare, nil, made, func(r *sql.Rows) error {
		var contact, customer int64
		err := r.Scan(&contact, &customer)
		customers[contact] = customer
		return err
	}); err != nil {
		return err
	}
	there := map[int64]bool{}
	if err := each(x, `SELECT id FROM contacts WHERE id IN (IN)`, nil, made, func(r *sql.Rows) error {
		var c int64
		err := r.Scan(&c)
		there[c] = true
		return err
	}); err != nil {
		return err
	}
	var contacts, gone []int64
	for _, c := range made {
		switch customer, is := customers[c]; {
		case is:
			contacts, gone = append(contacts, c), append(gone, customer)
		case there[c]:
			out.Kept = append(out.Kept, fmt.Sprintf("%s stays: mail, notes or what colleagues or mailings have done hang on it", names[c]))
		}
	}
	out.Customers += len(gone)
	touched := map[int64]bool{}
	for _, c := range gone {
		touched[c] = true
	}
	x.tellOf(touched)
	for _, d := range []struct {
		query string
		ids   []int64
	}{
		{`DELETE FROM reviews WHERE contact_id IN (IN)`, contacts}, {`DELETE FROM reviews WHERE other_id IN (IN)`, contacts},
		{`DELETE FROM contacts WHERE id IN (IN)`, contacts}, {`DELETE FROM customer_words WHERE customer_id IN (IN)`, gone}, {`DELETE FROM customers WHERE id IN (IN)`, gone},
	} {
		if _, err := x.changedEach(d.query, nil, d.ids); err != nil {
			return err
		}
	}
	return nil
}
