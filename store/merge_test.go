package store

import (
	"testing"

	"kaveri/crm"
)

// What campaigns have done with two customers stays with each of them when they
// become one: only so an estimate can see that two arms were joined.
func TestMergeKeepsMembers(t *testing.T) {
	s := openHere(t, Options{})
	v := crm.SystemViewer
	add := func(name string, a crm.Address) crm.Customer {
		c, err := s.AddCustomer(t.Context(), v, name, []crm.Address{a})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	keep, gone := add("Dora", "dora@acme.example"), add("Don", "don@acme.example")
	if err := s.write(t.Context(), func(x *tx) error {
		if err := x.exec(`INSERT INTO campaigns (id, name, name_key, state, version, created_us, changed_us) VALUES (1, 'Spring', 'spring', 'running', 1, 1, 1)`); err != nil {
			return err
		}
		for arm, c := range map[string]crm.Customer{"treated": keep, "held-out": gone} {
			if err := x.exec(`INSERT INTO members (campaign_id, customer_id, round, contact_id, address, arm, version, rung, timing, before, state, step, due_us, reason, why, entered_us)
VALUES (1, $1, 1, $2, '', $3, 1, '', '', 0, 'waiting', 'a', 1, '', '{}', 1)`, int64(c.ID), int64(c.Contacts[0].ID), arm); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// arms gives the arms of those who are one customer now.
	arms := func() (list []string) {
		if err := s.view(t.Context(), func(x *tx) (err error) {
			list, err = column[string](x, `SELECT m.arm FROM members m JOIN customers c ON c.id = m.customer_id WHERE CASE WHEN c.merged_into = 0 THEN c.id ELSE c.merged_into END = $1 ORDER BY m.arm`, int64(keep.ID))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	id, err := s.Merge(t.Context(), v, keep.ID, gone.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := arms(); len(got) != 2 {
		t.Errorf("merged, they have the arms %q", got)
	}
	if err := s.Unmerge(t.Context(), v, id); err != nil {
		t.Fatal(err)
	}
	if got := arms(); len(got) != 1 || got[0] != "treated" {
		t.Errorf("apart again, Dora has the arms %q", got)
	}
}
