package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"kaveri/crm"
)

// BeginOrderImport notes a file of orders that is about to be brought in.
func (s *Store) BeginOrderImport(ctx context.Context, v crm.Viewer, source, name string) (crm.ImportID, error) {
	if !mayRead(v) {
		return 0, errNobody
	}
	var id int64
	err := s.write(ctx, func(x *tx) (err error) {
		if id, err = x.id(); err != nil {
			return err
		}
		return x.exec(`INSERT INTO order_imports (id, source, name, staff_id, at_us) VALUES ($1, $2, $3, $4, $5)`, id, cut(source, 300), cut(name, 300), orNull(v.Staff), micros(s.now()))
	})
	return crm.ImportID(id), err
}

// EndOrderImport ends an import, and reports whether it has brought anything: one
// that has not leaves no trace.
func (s *Store) EndOrderImport(ctx context.Context, v crm.Viewer, id crm.ImportID) (brought bool, err error) {
	if !mayRead(v) {
		return false, errNobody
	}
	err = s.write(ctx, func(x *tx) error {
		var n int
		if err := x.row(`SELECT added + replaced FROM order_imports WHERE id = $1`, int64(id)).Scan(&n); err != nil {
			return err
		}
		if brought = n > 0; brought {
			return nil
		}
		return x.exec(`DELETE FROM order_imports WHERE id = $1`, int64(id))
	})
	return brought, err
}

// OrderImports lists the files that have brought orders, the newest first.
func (s *Store) OrderImports(ctx context.Context, v crm.Viewer) ([]crm.OrderImport, error) {
	if !mayRead(v) {
		return nil, nil
	}
	var out []crm.OrderImport
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT i.id, i.source, i.name, COALESCE(i.staff_id, 0), i.added, i.replaced, i.at_us, i.undone_us FROM order_imports i WHERE i.added + i.replaced > 0 ORDER BY i.id DESC LIMIT 500`)
		out, err = collect(rows, err, func(r *sql.Rows, i *crm.OrderImport) error {
			var at, undone int64
			err := r.Scan(&i.ID, &i.Source, &i.Name, &i.Staff, &i.Added, &i.Replaced, &at, &undone)
			i.At, i.Undone = fromMicros(at), fromMicros(undone)
			return err
		})
		return err
	})
	return out, err
}

// undoChunk is how many orders are taken back in one transaction.
const undoChunk = 1000

// UndoOrderImport takes back a file of orders: what it added goes, what it
// replaced is as it was before, and customers that were made for it go when
// nothing else has come to be known of them. What later orders rest on is a
// conflict that names the later file. It may be called again when it was
// interrupted. It gives how many orders and customers it took.
func (s *Store) UndoOrderImport(ctx context.Context, v crm.Viewer, id crm.ImportID) (orders, customers int, err error) {
	if !mayRead(v) {
		return 0, 0, errNobody
	}
	if err := s.view(ctx, func(x *tx) error { return x.mayUndo(int64(id)) }); err != nil {
		return 0, 0, err
	}
	for {
		var n int
		if err := s.write(ctx, func(x *tx) (err error) { n, err = x.undoOrders(int64(id)); return err }); err != nil {
			return orders, customers, err
		}
		if orders += n; n == 0 {
			break
		}
	}
	for {
		var n, gone int
		if err := s.write(ctx, func(x *tx) (err error) { n, gone, err = x.undoContacts(int64(id)); return err }); err != nil {
			return orders, customers, err
		}
		if customers += gone; n == 0 {
			break
		}
	}
	return orders, customers, s.write(ctx, func(x *tx) error {
		return x.exec(`UPDATE order_imports SET undone_us = $1 WHERE id = $2`, micros(s.now()), int64(id))
	})
}

// mayUndo refuses to take back what is not here, or what later files have
// replaced.
func (x *tx) mayUndo(id int64) error {
	var undone, later int64
	err := x.row(`SELECT undone_us FROM order_imports WHERE id = $1`, id).Scan(&undone)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return crm.NotFound("no import of orders has the number %d", id)
	case err != nil:
		return err
	case undone != 0:
		return crm.Conflict("this import is taken back already")
	}
	if err := x.row(`SELECT COALESCE(max(import_id), 0) FROM order_versions WHERE was_import_id = $1`, id).Scan(&later); err != nil {
		return err
	}
	if later != 0 {
		return crm.Conflict("take back import %d first: it has replaced orders of this one", later)
	}
	return nil
}

// undoOrders takes back some orders of an import: those that it replaced become
// what they were, the others go.
func (x *tx) undoOrders(id int64) (int, error) {
	ids, err := column[int64](x, `SELECT id FROM orders WHERE import_id = $1 ORDER BY id LIMIT $2`, id, undoChunk)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	was := map[int64][]crm.Order{} // by the import that they were of
	kept := map[int64]bool{}
	if err := each(x, `SELECT order_id, COALESCE(was_import_id, 0), was FROM order_versions WHERE import_id = $1 AND order_id IN (IN)`, []any{id}, ids, func(r *sql.Rows) error {
		var order, of int64
		var j string
		var o crm.Order
		if err := r.Scan(&order, &of, &j); err != nil {
			return err
		}
		kept[order] = true
		err := json.Unmarshal([]byte(j), &o)
		was[of] = append(was[of], o)
		return err
	}); err != nil {
		return 0, err
	}
	for _, of := range sortedKeys(was) {
		if err := x.restoreOrders(was[of], crm.ImportID(of)); err != nil {
			return 0, err
		}
	}
	if err := each(x, `DELETE FROM order_versions WHERE import_id = $1 AND order_id IN (IN)`, []any{id}, ids, func(*sql.Rows) error { return nil }); err != nil {
		return 0, err
	}
	return len(ids), x.removeOrders(slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return kept[id] }))
}

// restoreOrders puts orders back as they were.
func (x *tx) restoreOrders(list []crm.Order, of crm.ImportID) error {
	g, err := x.newOrders(list, OrderOptions{Import: of, Replace: true})
	if err != nil {
		return err
	}
	g.restores = true
	results, err := g.save()
	for _, r := range results {
		if err == nil {
			err = r.Err
		}
	}
	return err
}

// removeOrders removes orders. What refunds them waits for them to come again.
func (x *tx) removeOrders(ids []int64) error {
	customers, targets := map[int64]bool{}, map[int64]bool{}
	if err := each(x, `SELECT COALESCE(customer_id, 0), COALESCE(refunds_id, 0) FROM orders WHERE id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var customer, target int64
		err := r.Scan(&customer, &target)
		customers[customer], targets[target] = true, true
		return err
	}); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE orders SET refunds_id = NULL WHERE refunds_id IN (IN)`,
		`DELETE FROM order_lines WHERE order_id IN (IN)`,
		`DELETE FROM order_offers WHERE order_id IN (IN)`,
		`DELETE FROM orders WHERE id IN (IN)`,
	} {
		if err := each(x, q, nil, ids, func(*sql.Rows) error { return nil }); err != nil {
			return err
		}
	}
	delete(targets, 0)
	if err := x.sumRefunds(sortedKeys(targets)); err != nil {
		return err
	}
	for c := range customers {
		if c != 0 {
			if err := x.ordersMoved(crm.CustomerID(c)); err != nil {
				return err
			}
		}
	}
	return nil
}

// undoContacts takes back some of the contacts that an import has made. n is how
// many it has looked at, gone how many customers went.
func (x *tx) undoContacts(id int64) (n, gone int, err error) {
	contacts, err := column[int64](x, `SELECT contact_id FROM import_contacts WHERE import_id = $1 ORDER BY contact_id LIMIT $2`, id, undoChunk)
	if err != nil {
		return 0, 0, err
	}
	if err := each(x, `DELETE FROM import_contacts WHERE import_id = $1 AND contact_id IN (IN)`, []any{id}, contacts, func(*sql.Rows) error { return nil }); err != nil {
		return 0, 0, err
	}
	_, customers, err := x.forgetContacts(contacts)
	return len(contacts), len(customers), err
}
