package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/store"
)

// shop is a shop that tells of its orders.
type shop struct {
	*shopfront
	hook crm.Webhook
}

func (f *shopfront) shop(kind crm.ShopKind) *shop {
	f.Helper()
	w, err := f.s.AddWebhook(f.Context(), f.boss, crm.Webhook{Kind: kind, Source: string(kind), Secret: "a secret of theirs"})
	f.check(err)
	return &shop{f, w}
}

// tells has the shop say something, rightly signed.
func (s *shop) tells(topic, body string) {
	s.Helper()
	if code := s.signs(topic, body, s.hook.Secret); code != 200 {
		s.Fatalf("%s is answered with %d", topic, code)
	}
}

func (s *shop) signs(topic, body, secret string) int {
	s.Helper()
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(body))
	w := s.send("POST", fmt.Sprintf("/hooks/%d", s.hook.ID), body, "Authorization", "", s.hook.Kind.TopicField(), topic, s.hook.Kind.SignatureField(), base64.StdEncoding.EncodeToString(m.Sum(nil)))
	return w.Code
}

// keeps checks what is kept of the shop's orders, the newest first, and what
// stands at the webhook.
func (s *shop) keeps(problem string, want ...string) {
	s.Helper()
	list, _, err := s.s.Orders(s.Context(), s.boss, store.OrderQuery{})
	s.check(err)
	var got []string
	for _, o := range list {
		got = append(got, fmt.Sprintf("%s %s %s %s", o.Number, o.State, o.Total, o.Net()))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		s.Errorf("kept:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	w, err := s.s.Webhook(s.Context(), s.hook.ID)
	s.check(err)
	if !strings.Contains(w.Problem, problem) || problem == "" && w.Problem != "" {
		s.Errorf("the webhook says %q, want %q", w.Problem, problem)
	}
}

// remembers checks the problems of the webhook, the newest first: the order's
// number, and what is said.
func (s *shop) remembers(want ...string) {
	s.Helper()
	w, err := s.s.Webhook(s.Context(), s.hook.ID)
	s.check(err)
	if len(w.Problems) != len(want) {
		s.Fatalf("the problems are %+v", w.Problems)
	}
	for i, p := range w.Problems {
		if got := p.Number + " " + p.Text; p.At.IsZero() || !strings.Contains(strings.Replace(got, "date: ", "", 1), want[i]) || !strings.HasPrefix(got, strings.SplitAfter(want[i], " ")[0]) {
			s.Errorf("problem %d is %+v, want %q", i, p, want[i])
		}
	}
}

func payload(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../crm/orders/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHookOfWooCommerce(t *testing.T) {
	s := newShopfront(t).shop(crm.ShopWooCommerce)
	order := payload(t, "woocommerce_order.json")
	fresh := strings.NewReplacer("2026-11-18T08:15:00", "2026-11-17T06:30:01", `{"id": 8850, "reason": "", "total": "-10.26"}`, "").Replace(order)
	s.tells("order.created", fresh)
	s.keeps("", "8801 placed 26.795 26.795")
	s.tells("order.updated", order)
	kept := []string{"8801-R8850 placed -10.26 -10.26", "8801 placed 26.795 16.535"}
	s.keeps("", kept...)

	// Told again, and an older word that comes late.
	s.tells("order.updated", order)
	s.tells("order.created", fresh)
	s.keeps("", kept...)
	later := strings.Replace(order, "2026-11-18T08:15:00", "2026-11-18T09:00:00", 1)
	s.tells("order.updated", later)
	s.keeps("", kept...)

	// More is given back than the goods were worth: shipping is not counted.
	whole := strings.NewReplacer("2026-11-18T08:15:00", "2026-11-18T10:00:00", `"total": "-10.26"}`, `"total": "-10.26"}, {"id": 8851, "total": "-22.685"}`).Replace(order)
	s.tells("order.updated", whole)
	s.keeps("", "8801-R8851 placed -16.535 -16.535", kept[0], "8801 placed 26.795 0.00")

	s.tells("order.deleted", `{"id":8801}`)
	s.tells("order.updated", whole) // the last word before that, again
	s.keeps("", "8801-R8851 placed -16.535 -16.535", kept[0], "8801 cancelled 26.795 0.00")
	s.tells("order.deleted", `{"id":4}`)
	s.tells("coupon.created", `{"id":4}`)
	s.keeps("", "8801-R8851 placed -16.535 -16.535", kept[0], "8801 cancelled 26.795 0.00")

	if w := s.send("POST", fmt.Sprintf("/hooks/%d", s.hook.ID), "webhook_id=3", "Authorization", "", "Content-Type", "application/x-www-form-urlencoded"); w.Code != 200 {
		t.Errorf("a ping is answered with %d", w.Code)
	}
}

func TestHookOfShopify(t *testing.T) {
	s := newShopfront(t).shop(crm.ShopShopify)
	refund := payload(t, "shopify_refund.json")
	s.tells("refunds/create", refund)
	s.keeps("an order that has not come in")
	order := payload(t, "shopify_order.json")
	s.tells("orders/create", order)
	s.tells("refunds/create", refund)
	s.tells("refunds/create", refund)
	kept := []string{"#1042-R9900000000002 placed -3.00 -3.00", "#1042-R9900000000001 placed -5.50 -5.50", "#1042 placed 25.30 16.80"}
	s.keeps("", kept...)
	s.tells("orders/updated", strings.Replace(order, `"test": false`, `"test": true`, 1))
	s.tells("app/uninstalled", `{}`)
	s.keeps("", kept...)
	s.tells("orders/cancelled", strings.NewReplacer(`"cancelled_at": null`, `"cancelled_at": "2026-11-20T09:00:00+02:00"`, "2026-11-18T09:00:00", "2026-11-20T09:00:00").Replace(order))
	s.keeps("", kept[0], kept[1], "#1042 cancelled 25.30 0.00")
}

// TestHooksRefuse tells with wrong signatures, and what cannot be kept.
func TestHooksRefuse(t *testing.T) {
	f := newShopfront(t)
	s := f.shop(crm.ShopWooCommerce)
	order := payload(t, "woocommerce_order.json")
	if code := s.signs("order.created", order, "another secret"); code != 401 {
		t.Errorf("a wrong signature is answered with %d", code)
	}
	for _, c := range []struct{ target, signature string }{
		{fmt.Sprintf("/hooks/%d", s.hook.ID), ""}, {fmt.Sprintf("/hooks/%d", s.hook.ID), "no base64!"}, {"/hooks/999999", "AAAA"}, {"/hooks/x", "AAAA"},
	} {
		w := f.send("POST", c.target, order, "Authorization", "", "X-WC-Webhook-Topic", "order.created", "X-WC-Webhook-Signature", c.signature)
		if w.Code != 401 || strings.TrimSpace(w.Body.String()) != "Unauthorized" {
			t.Errorf("%s is answered with %d %s", c.target, w.Code, w.Body)
		}
	}
	s.keeps("")
	if w, err := f.s.Webhook(t.Context(), s.hook.ID); err != nil || !w.Heard.IsZero() {
		t.Errorf("%+v %v", w, err)
	}

	s.tells("order.created", "not JSON")
	s.keeps("cannot be read")
	s.tells("order.created", strings.Replace(order, `"currency": "EUR"`, `"currency": "SEK"`, 1))
	s.keeps("set its rate first")
	s.tells("order.created", strings.Replace(order, "2026-11-17T06:30:00", "", 1))
	s.keeps("has no date")
	s.tells("order.created", order)
	s.keeps("", "8801-R8850 placed -10.26 -10.26", "8801 placed 26.795 16.535")
	s.remembers("8801 order 8801 has no date", "8801 currency: order 8801 is in SEK", " the shop's words cannot be read")
	s.tells("order.updated", strings.NewReplacer(`"total": "18.00"`, `"total": "much"`, "2026-11-18T08:15:00", "2026-11-19T08:15:00").Replace(order))
	s.remembers("8801 line_items: ", "8801 order 8801 has no date", "8801 currency: ", " the shop's words cannot be read")
	if strings.Contains(f.log.String(), s.hook.Secret) {
		t.Error("the secret stands in the log")
	}

	f.check(f.s.RemoveWebhook(t.Context(), f.boss, s.hook.ID))
	if code := s.signs("order.created", order, s.hook.Secret); code != 401 {
		t.Errorf("a removed one answers %d", code)
	}
}
