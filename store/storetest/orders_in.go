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

// testShops hears a shop and reads a mail of its own: what cmd/kaveri and
// ingest/enrich try in full, on each engine.
func testShops(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	_, err := s.AddWebhook(w.ctx, w.anna, crm.Webhook{Kind: crm.ShopWooCommerce, Source: "shop"})
	w.refused(err, crm.KindForbidden, "")
	_, err = s.AddWebhook(w.ctx, w.ritva, crm.Webhook{Kind: crm.ShopShopify, Source: "shop"})
	w.refused(err, crm.KindInvalid, "secret")
	made, err := s.AddWebhook(w.ctx, w.ritva, crm.Webhook{Kind: crm.ShopWooCommerce, Source: "shop"})
	w.check(err)
	hook, err := s.Webhook(w.ctx, made.ID)
	w.check(err)
	if hook.Secret == "" || hook.Secret != made.Secret {
		t.Errorf("the secret is %q, was %q", hook.Secret, made.Secret)
	}

	o := order("1", "matti@koti.example", "10.00", "1 tea 10.00")
	word := crm.ShopWord{ShopID: "7", Version: o.At, Taxed: true, Order: &o, Refunds: []crm.ShopRefund{{ID: "8", Amount: money("12.00")}}}
	w.check(s.HearShop(w.ctx, made.ID, &word, ""))
	w.check(s.HearShop(w.ctx, made.ID, &word, ""))
	kept, err := s.OrderNumbered(w.ctx, w.ritva, "shop", "1")
	w.check(err)
	w.buys(kept.Customer, "1-R8 -10.00", "1 0.00")
	w.check(s.HearShop(w.ctx, made.ID, &crm.ShopWord{ShopID: "7", Gone: true}, ""))
	w.check(s.HearShop(w.ctx, made.ID, nil, "not readable"))
	list, err := s.Webhooks(w.ctx, w.ritva)
	w.check(err)
	if kept, _ = s.OrderNumbered(w.ctx, w.ritva, "shop", "1"); kept.State != crm.OrderCancelled || len(list) != 1 || list[0].Problem != "not readable" || list[0].Secret != "" {
		t.Errorf("%+v, %+v", kept, list)
	}
	for range crm.MaxShopProblems {
		w.check(s.HearShop(w.ctx, made.ID, &crm.ShopWord{ShopID: "7", Gone: true}, "the newest"))
	}
	w.check(s.HearShop(w.ctx, made.ID, nil, ""))
	hook, err = s.Webhook(w.ctx, made.ID)
	w.check(err)
	if p := hook.Problems; hook.Problem != "" || len(p) != crm.MaxShopProblems || p[len(p)-1].Text != "the newest" || p[0].Number != "1" || p[0].At.IsZero() {
		t.Errorf("%q, %+v", hook.Problem, p)
	}

	firm, err := s.Firm(w.ctx)
	w.check(err)
	firm.Relays = []crm.Address{"shop@kauppa.example"}
	w.check(s.SaveFirm(w.ctx, crm.SystemViewer, firm))
	mail := w.arrives(letter{From: "shop@kauppa.example", To: "anna@kaukoranta.example"}, w.anna)
	mails, err := s.OrderMails(w.ctx, 10)
	w.check(err)
	if len(mails) != 1 || mails[0].ID != mail || mails[0].Trusted || mails[0].Raw != nil {
		t.Fatalf("the mails are %+v", mails)
	}
	again := order("#1", "matti@koti.example", "10.00")
	again.Source = "shop@kauppa.example"
	w.check(s.TakeOrderMail(w.ctx, mail, []crm.Order{again, order("2", "matti@koti.example", "3.00")}))
	w.buys(kept.Customer, "1-R8 -10.00", "2 3.00", "1 0.00")
	if mails, err = s.OrderMails(w.ctx, 10); err != nil || len(mails) != 0 {
		t.Errorf("%+v %v", mails, err)
	}

	id, err := s.BeginOrderImport(w.ctx, w.anna, "shop", "empty.csv")
	w.check(err)
	if brought, err := s.EndOrderImport(w.ctx, w.anna, id); brought || err != nil {
		t.Errorf("%t %v", brought, err)
	}
	w.refused(s.RemoveWebhook(w.ctx, w.anna, made.ID), crm.KindForbidden, "")
	w.check(s.RemoveWebhook(w.ctx, w.ritva, made.ID))
	w.refused(s.RemoveWebhook(w.ctx, w.ritva, made.ID), crm.KindNotFound, "")
}
