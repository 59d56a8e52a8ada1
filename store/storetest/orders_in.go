package storetest

import (
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// testAPITokens makes, uses and revokes a token.
func testAPITokens(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	_, _, err := s.AddAPIToken(w.ctx, w.anna, "shop", []crm.APIScope{crm.ScopeOrdersWrite})
	w.refused(err, crm.KindForbidden, "")
	_, _, err = s.AddAPIToken(w.ctx, w.ritva, " ", []crm.APIScope{crm.ScopeOrdersWrite})
	w.refused(err, crm.KindInvalid, "name")
	_, _, err = s.AddAPIToken(w.ctx, w.ritva, "shop", []crm.APIScope{"everything"})
	w.refused(err, crm.KindInvalid, "scope")
	made, text, err := s.AddAPIToken(w.ctx, w.ritva, "shop", []crm.APIScope{crm.ScopeOrdersWrite})
	w.check(err)

	hash, ok := crm.HashAPIToken(text)
	if !ok {
		t.Fatalf("%q is no token", text)
	}
	got, v, err := s.APIToken(w.ctx, hash)
	w.check(err)
	if got.ID != made.ID || v.Staff != w.ritva.Staff || !got.May(crm.ScopeOrdersWrite) || got.May(crm.ScopeOrdersRead) {
		t.Errorf("the token is %+v of %+v", got, v)
	}
	list, err := s.APITokens(w.ctx, w.ritva)
	w.check(err)
	if len(list) != 1 || list[0].Used.IsZero() || list[0].Maker == "" {
		t.Errorf("the tokens are %+v", list)
	}
	_, err = s.APITokens(w.ctx, w.anna)
	w.refused(err, crm.KindForbidden, "")
	hash[0]++
	_, _, err = s.APIToken(w.ctx, hash)
	w.refused(err, crm.KindNotFound, "")
	hash[0]--

	w.refused(s.RevokeAPIToken(w.ctx, w.anna, made.ID), crm.KindForbidden, "")
	w.refused(s.RevokeAPIToken(w.ctx, w.ritva, 999_999), crm.KindNotFound, "")
	w.check(s.RevokeAPIToken(w.ctx, w.ritva, made.ID))
	_, _, err = s.APIToken(w.ctx, hash)
	w.refused(err, crm.KindNotFound, "")
}

// testOrdersOnce sends a batch twice.
func testOrdersOnce(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	token, _, err := s.AddAPIToken(w.ctx, w.ritva, "shop", crm.APIScopes)
	w.check(err)
	once := crm.Once{Token: token.ID, Key: "k1", Body: [32]byte{1}}
	batch := []crm.Order{order("1", "matti@koti.example", "10.00"), order("2", "matti@koti.example", "-10.00")}
	first, again, err := s.TakeOrders(w.ctx, w.ritva, once, batch, store.OrderOptions{})
	w.check(err)
	if again || first[0].Outcome != crm.OrderAdded || crm.FieldOf(first[1].Err) != "total" {
		t.Fatalf("first %+v, %t", first, again)
	}
	second, again, err := s.TakeOrders(w.ctx, w.ritva, once, batch, store.OrderOptions{})
	w.check(err)
	if !again || second[0] != first[0] || second[1].Err.Error() != first[1].Err.Error() {
		t.Errorf("second %+v, first %+v", second, first)
	}
	once.Body[0] = 2
	_, _, err = s.TakeOrders(w.ctx, w.ritva, once, batch[:1], store.OrderOptions{})
	w.refused(err, crm.KindConflict, "Idempotency-Key")
	once.Key = ""
	third, again, err := s.TakeOrders(w.ctx, w.ritva, once, batch[:1], store.OrderOptions{})
	w.check(err)
	if again || third[0].Outcome != crm.OrderSame {
		t.Errorf("third %+v", third)
	}
	o, err := s.OrderNumbered(w.ctx, w.ritva, "shop", "1")
	w.check(err)
	if o.Total != money("10.00") || !strings.Contains(string(o.Buyer.Address), "matti") || o.At.After(time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the order is %+v", o)
	}
	_, err = s.OrderNumbered(w.ctx, w.ritva, "till", "1")
	w.refused(err, crm.KindNotFound, "")
}
