package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/store"
)

// tagged checks the tags of a customer, and that the list says the same.
func (w *world) tagged(id crm.CustomerID, want ...string) {
	w.Helper()
	c, err := w.s.Customer(w.ctx, w.anna, id)
	w.check(err)
	if !slices.Equal(c.Tags, want) {
		w.Errorf("%s has the tags %q, want %q", c.Name, c.Tags, want)
	}
	rows, _, err := w.s.Customers(w.ctx, w.anna, crm.CustomerQuery{})
	w.check(err)
	for _, r := range rows {
		if r.ID == id && !slices.Equal(r.Tags, want) {
			w.Errorf("in the list %s has the tags %q, want %q", r.Name, r.Tags, want)
		}
	}
}

// tags gives all tags in use, with how many have them.
func (w *world) tags() string {
	w.Helper()
	all, err := w.s.Tags(w.ctx, w.pekka)
	w.check(err)
	var out []string
	for _, t := range all {
		out = append(out, fmt.Sprint(t.Name, " ", t.Customers))
	}
	return strings.Join(out, ", ")
}

func (w *world) tag(id crm.CustomerID, tags ...string) {
	w.Helper()
	for _, t := range tags {
		_, err := w.s.AddTag(w.ctx, w.anna, id, t)
		w.check(err)
	}
}

func testTags(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, don := w.customer("Dora", "dora@acme.example"), w.customer("Don", "don@else.example")
	w.tag(dora.ID, "VIP", "Mökki", "vip")
	shown, err := s.AddTag(w.ctx, w.pekka, don.ID, " vip ")
	w.check(err)
	if shown != "VIP" {
		t.Errorf("the tag is shown as %q", shown)
	}
	w.tagged(dora.ID, "Mökki", "VIP")
	w.tagged(don.ID, "VIP")
	if got := w.tags(); got != "Mökki 1, VIP 2" {
		t.Errorf("in use: %s", got)
	}
	rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Tag: "MÖKKI"})
	w.check(err)
	if len(rows) != 1 || rows[0].ID != dora.ID {
		t.Errorf("with the tag: %+v", rows)
	}
	if rows, _, err = s.Customers(w.ctx, w.anna, crm.CustomerQuery{Tag: "vip", Text: "don"}); err != nil || len(rows) != 1 || rows[0].ID != don.ID {
		t.Errorf("with tag and name: %+v, %v", rows, err)
	}
	if rows, _, err = s.Customers(w.ctx, w.anna, crm.CustomerQuery{Tag: "none"}); err != nil || len(rows) != 0 {
		t.Errorf("with no such tag: %+v, %v", rows, err)
	}
	w.check(s.RemoveTag(w.ctx, w.anna, dora.ID, "mökki"))
	w.refused(s.RemoveTag(w.ctx, w.anna, dora.ID, "mökki"), crm.KindNotFound, "tag")
	w.tag(don.ID, "mökki") // nobody had it any more: it is written anew
	if got := w.tags(); got != "mökki 1, VIP 2" {
		t.Errorf("in use: %s", got)
	}
	_, err = s.Tag(w.ctx, w.anna, "lost")
	w.refused(err, crm.KindNotFound, "tag")
	_, err = s.AddTag(w.ctx, w.anna, dora.ID, "a, b")
	w.refused(err, crm.KindInvalid, "tag")
	_, err = s.AddTag(w.ctx, w.anna, 1<<40, "a")
	w.refused(err, crm.KindNotFound, "customer")
	_, err = s.AddTag(w.ctx, crm.Viewer{}, dora.ID, "a")
	w.refused(err, crm.KindForbidden, "")
}

// Who is merged gives their tags, and has them again when it is undone.
func testTagsOfMerged(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, don := w.customer("Dora", "dora@acme.example"), w.customer("Don", "don@else.example")
	w.tag(dora.ID, "VIP", "Sauna")
	w.tag(don.ID, "vip", "Lofoten")
	id, err := s.Merge(w.ctx, w.anna, dora.ID, don.ID, false)
	w.check(err)
	w.tagged(dora.ID, "Lofoten", "Sauna", "VIP")
	if got := w.tags(); got != "Lofoten 1, Sauna 1, VIP 1" {
		t.Errorf("in use: %s", got)
	}
	w.check(s.RemoveTag(w.ctx, w.anna, dora.ID, "Lofoten"))
	w.tagged(dora.ID, "Sauna", "VIP")
	w.check(s.Unmerge(w.ctx, w.anna, id))
	w.tagged(dora.ID, "Sauna", "VIP")
	w.tagged(don.ID, "Lofoten", "VIP")
}
