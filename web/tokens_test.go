package web

import (
	"regexp"
	"strings"
	"testing"
)

// TestTokenIsShownOnce makes a token in Settings.
func TestTokenIsShownOnce(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/settings/access"), 200, "Kassa", "Last used", "Revoked", "http://example.com/hooks/491", "set its rate first", "Not heard from yet")
	want(t, v.post("/settings/tokens", "name", "", "scope", "orders:write"), 422, "Say what will use it")
	want(t, v.post("/settings/tokens", "name", "Till"), 422, "orders:write")
	want(t, v.post("/settings/tokens", "name", "Till", "scope", "everything"), 422)
	w := v.post("/settings/tokens", "name", "Till", "scope", "orders:write", "scope", "orders:read")
	want(t, w, 200, "The token for Till", "shown this once")
	text := regexp.MustCompile(`kaveri_[A-Za-z0-9_-]{43}`).FindString(w.Body.String())
	if text == "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatal(w.Body)
	}
	w = v.get("/settings/access")
	want(t, w, 200, "Till")
	if strings.Contains(w.Body.String(), text) {
		t.Error("the token is shown again")
	}
	v.header.Set("Authorization", "Bearer "+text)
	want(t, v.get("/api/v1/orders?source=a&number=b"), 404)
	v.header.Del("Authorization")
	if w := v.post("/settings/tokens/501/revoke"); w.Code != 303 {
		t.Fatal(w.Code)
	}
	v.header.Set("Authorization", "Bearer "+text)
	want(t, v.get("/api/v1/orders?source=a&number=b"), 401)
}

func TestConnectAShop(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.post("/settings/webhooks", "kind", "woocommerce", "source", ""), 422, "Name the shop")
	w := v.post("/settings/webhooks", "kind", "woocommerce", "source", "Pop-up")
	want(t, w, 200, "Pop-up can tell of its orders now", "made-for-you", "/hooks/501")
	w = v.get("/settings/access")
	want(t, w, 200, "Pop-up")
	for _, secret := range []string{"made-for-you", "salaisuus"} {
		if strings.Contains(w.Body.String(), ">"+secret) {
			t.Error("a secret is shown again")
		}
	}
	w = v.post("/settings/webhooks", "kind", "shopify", "source", "Toinen", "secret", "their own secret")
	want(t, w, 200, "Toinen can tell")
	if strings.Contains(w.Body.String(), "their own secret") {
		t.Error("a secret that was typed in is given back")
	}
	if w := v.post("/settings/webhooks/501/remove"); w.Code != 303 || len(m.intake.hooks) != 3 {
		t.Error(w.Code, m.intake.hooks)
	}
	want(t, v.post("/settings/webhooks/501/remove"), 404)
}

func TestRates(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/settings/currencies"), 200, "SEK", "always", "0.088", "1 Oct 2026")
	want(t, v.post("/settings/currencies", "currency", "crowns", "rate", "1"), 422, "ISO 4217")
	want(t, v.post("/settings/currencies", "currency", "NOK", "rate", "-1"), 422, "is not a rate")
	want(t, v.post("/settings/currencies", "currency", "NOK", "rate", "1", "from", "soon"), 422, "Choose a day")
	want(t, v.post("/settings/currencies", "currency", "EUR", "rate", "1"), 422, "your own currency")
	if w := v.post("/settings/currencies", "currency", "nok", "rate", "0,0855", "from", "2026-11-01"); w.Code != 303 || len(m.intake.rates) != 3 || m.intake.rates[2].Rate.String() != "0.0855" {
		t.Error(w.Code, m.intake.rates)
	}
}

// TestOnlyAdministratorsOpenTheDoor asks as a colleague who is none.
func TestOnlyAdministratorsOpenTheDoor(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	m.staff[0].Role = "staff"
	for _, p := range []string{"/settings/access", "/settings/currencies"} {
		want(t, v.get(p), 403)
	}
	for _, p := range []string{"/settings/tokens", "/settings/tokens/481/revoke", "/settings/webhooks", "/settings/webhooks/491/remove", "/settings/currencies"} {
		want(t, v.post(p, "name", "x", "scope", "orders:write", "kind", "woocommerce", "source", "x", "currency", "NOK", "rate", "1"), 403)
	}
	if len(m.intake.tokens) != 2 || len(m.intake.hooks) != 2 || len(m.intake.rates) != 2 {
		t.Error("a colleague has changed something")
	}
}
