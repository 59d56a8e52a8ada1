package enrich_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/enrich"
	"kaveri/store"
)

// confirmed is a firm whose shop confirms orders by mail.
type confirmed struct {
	*testing.T
	ctx   context.Context
	s     *store.Store
	firm  crm.Firm
	owner crm.StaffID
}

func newConfirmed(t *testing.T) *confirmed {
	t.Helper()
	c := &confirmed{T: t, ctx: t.Context()}
	s, err := store.Open(c.ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: make([]byte, store.KeySize)})
	c.check(err)
	t.Cleanup(func() { s.Close() })
	c.s = s
	c.firm = crm.Firm{Name: "Oy", Domains: []string{"oy.example"}, Policy: crm.PolicyAll, Currency: "EUR", TimeZone: "Europe/Helsinki", Relays: []crm.Address{"shop@kauppa.example"}, AuthServer: "mx.oy.example"}
	c.check(s.SaveFirm(c.ctx, crm.SystemViewer, c.firm))
	aino, err := s.AddStaff(c.ctx, crm.SystemViewer, crm.Staff{Name: "Aino", Address: "aino@oy.example", Role: crm.StaffAdmin}, "a long password")
	c.check(err)
	c.owner = aino.ID
	_, err = s.AddCustomer(c.ctx, crm.SystemViewer, "Olli", []crm.Address{"olli@asiakas.example"})
	c.check(err)
	return c
}

func (c *confirmed) check(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// mail brings mails in and has them read.
func (c *confirmed) mail(names ...string) {
	c.Helper()
	for _, name := range names {
		_, err := ingest.Import(c.ctx, c.s, ingest.ImportOptions{Kind: "eml", Path: "testdata/orders/" + name + ".eml", Owner: c.owner})
		c.check(err)
	}
	_, err := enrich.CatchUp(c.ctx, c.s)
	c.check(err)
}

func (c *confirmed) keeps(want ...string) {
	c.Helper()
	list, _, err := c.s.Orders(c.ctx, crm.SystemViewer, store.OrderQuery{})
	c.check(err)
	var got []string
	for _, o := range list {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", o.Source, o.Number, o.State, o.Total, o.Buyer.Address))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		c.Errorf("kept:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const confirmedOrder = "shop@kauppa.example 1001 placed 19.90 olli@asiakas.example"

func TestOrderConfirmations(t *testing.T) {
	c := newConfirmed(t)
	c.mail("verified", "forged", "forged_verdict")
	c.keeps(confirmedOrder)
	c.mail("shipped", "verified") // the first mail about an order counts
	c.keeps(confirmedOrder)
	c.mail("called_off")
	c.keeps("shop@kauppa.example 1001 cancelled 19.90 olli@asiakas.example")
}

// TestStrangersMakeNoOrders reads mail of somebody who is no relay, though what
// they are is verified, and reads it again when they have become one.
func TestStrangersMakeNoOrders(t *testing.T) {
	c := newConfirmed(t)
	firm := c.firm
	firm.Relays = nil
	c.check(c.s.SaveFirm(c.ctx, crm.SystemViewer, firm))
	c.mail("verified")
	c.keeps()
	firm.Relays, firm.AuthServer = c.firm.Relays, ""
	c.check(c.s.SaveFirm(c.ctx, crm.SystemViewer, firm))
	c.mail()
	c.keeps() // nobody verifies anything
	c.check(c.s.SaveFirm(c.ctx, crm.SystemViewer, c.firm))
	c.mail()
	c.keeps(confirmedOrder)
}

// TestOrderCameOtherwise has the shop tell of an order by another way too: it is
// counted once, whichever comes first.
func TestOrderCameOtherwise(t *testing.T) {
	c := newConfirmed(t)
	hook, err := c.s.AddWebhook(c.ctx, crm.SystemViewer, crm.Webhook{Kind: crm.ShopWooCommerce, Source: "webshop"})
	c.check(err)
	c.mail("verified")
	mails, err := c.s.OrderMails(c.ctx, 10)
	c.check(err)
	if len(mails) != 0 {
		t.Errorf("%d mails are to be looked at again", len(mails))
	}
	o, err := c.s.OrderNumbered(c.ctx, crm.SystemViewer, "shop@kauppa.example", "1001")
	c.check(err)
	word := crm.ShopWord{ShopID: "7", Version: o.At, Order: &crm.Order{Number: "#1001", At: o.At, Currency: "EUR", Total: o.Total, Buyer: o.Buyer}}
	c.check(c.s.HearShop(c.ctx, hook.ID, &word, ""))
	c.keeps("webshop #1001 placed 19.90 olli@asiakas.example")
	c.mail("shipped")
	c.keeps("webshop #1001 placed 19.90 olli@asiakas.example")
}
