package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
	"kaveri/web"
)

// shopfront is a firm with an administrator, and its pages from outside.
type shopfront struct {
	*testing.T
	clock *clocked
	s     *store.Store
	h     http.Handler
	boss  crm.Viewer
	log   bytes.Buffer
	token string // of the API
}

func newShopfront(t *testing.T) *shopfront {
	t.Helper()
	f := &shopfront{T: t, clock: &clocked{at: time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)}}
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: bytes.Repeat([]byte{7}, store.KeySize), Now: f.clock.now})
	f.check(err)
	t.Cleanup(func() { s.Close() })
	f.s = s
	f.check(s.SaveFirm(t.Context(), crm.SystemViewer, crm.Firm{Name: "Lumipolku", Domains: []string{"lumipolku.example"}, TimeZone: "Europe/Helsinki", Currency: "EUR", Language: "en"}))
	boss, err := s.AddStaff(t.Context(), crm.SystemViewer, crm.Staff{Name: "Aino", Address: "aino@lumipolku.example", Role: crm.StaffAdmin}, "a long password")
	f.check(err)
	f.boss = crm.ViewerOf(boss)
	site, err := newSite(s, nil, slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelDebug})), f.clock.now, web.Options{Courier: courier{s, nil}})
	f.check(err)
	f.h = site.pages.Handler
	_, f.token, err = s.AddAPIToken(t.Context(), f.boss, "shop", []crm.APIScope{crm.ScopeOrdersWrite, crm.ScopeOrdersRead})
	f.check(err)
	return f
}

func (f *shopfront) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// send makes a request; header is name and value by turns, an empty value takes
// the header away.
func (f *shopfront) send(method, target, body string, header ...string) *httptest.ResponseRecorder {
	f.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+f.token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	w := httptest.NewRecorder()
	f.h.ServeHTTP(w, r)
	return w
}

// answers checks the status and reads the answer.
func (f *shopfront) answers(w *httptest.ResponseRecorder, status int) (a web.OrdersAnswer) {
	f.Helper()
	if w.Code != status {
		f.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	f.check(json.Unmarshal(w.Body.Bytes(), &a))
	return a
}

// refuses checks that a request was refused as a whole, with a sentence.
func (f *shopfront) refuses(w *httptest.ResponseRecorder, status int, field, says string) {
	f.Helper()
	var p web.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != "application/problem+json" {
		f.Fatalf("%s is no problem: %s", w.Header().Get("Content-Type"), w.Body)
	}
	if w.Code != status || p.Status != status || p.Title != http.StatusText(status) || p.Type != "about:blank" || p.Field != field || !strings.Contains(p.Detail, says) || p.ID == "" {
		f.Errorf("status %d, %+v; want %d, field %q, %q", w.Code, p, status, field, says)
	}
}

const twoOrders = `{"source":"webshop","orders":[
{"number":"1001","at":"2026-11-17T22:30:00Z","buyer":{"address":"Matti@Koti.example","name":"Matti"},"total":"19.90","offers":["AUTUMN"],"lines":[{"sku":"tea","name":"Tea","quantity":2,"total":"9.90","discount":"1.00"},{"name":"Mug","total":10}]},
{"number":1002,"at":"2026-11-18","buyer":{"number":"77"},"lines":[{"sku":"tea","total":"5.00"}]}]}`

func TestAPIOrders(t *testing.T) {
	f := newShopfront(t)
	a := f.answers(f.send("POST", "/api/v1/orders", twoOrders), 200)
	if a.Added != 2 || a.Refused != 0 || !a.Orders[0].New || a.Orders[0].Customer == 0 || a.Orders[1].Number != "1002" {
		t.Errorf("%+v", a)
	}
	o, err := f.s.Order(t.Context(), f.boss, a.Orders[0].ID)
	f.check(err)
	if o.Total.String() != "19.90" || o.Discount.String() != "1.00" || o.Buyer.Address != "matti@koti.example" || len(o.Lines) != 2 || o.Lines[1].Product.SKU != "Mug" || o.Currency != "EUR" {
		t.Errorf("%+v", o)
	}
	a = f.answers(f.send("POST", "/api/v1/orders", twoOrders), 200)
	if a.Same != 2 {
		t.Errorf("sent again: %+v", a)
	}

	w := f.send("GET", "/api/v1/orders?source=webshop&number=1002", "")
	var got web.APIOrder
	f.check(json.Unmarshal(w.Body.Bytes(), &got))
	if w.Code != 200 || got.Total != "5.00" || got.At.Format(time.RFC3339) != "2026-11-17T22:00:00Z" { // the day begins in Helsinki
		t.Errorf("%d %s", w.Code, w.Body)
	}
	f.refuses(f.send("GET", "/api/v1/orders?source=webshop&number=9", ""), 404, "", "no order 9")
	f.refuses(f.send("GET", "/api/v1/orders", ""), 422, "number", "say which order")
	f.refuses(f.send("DELETE", "/api/v1/orders", ""), 404, "", "DELETE")
}

// TestAPIBadOrders sends what is wrong with single orders: the others are kept,
// and each fault names its field and the mend.
func TestAPIBadOrders(t *testing.T) {
	f := newShopfront(t)
	f.answers(f.send("POST", "/api/v1/orders", twoOrders), 200)
	for _, c := range []struct{ order, field, says string }{
		{`{"number":"1","total":"5"}`, "at", "no date"},
		{`{"number":"1","total":"5","at":"yesterday"}`, "at", "write it like 2026-01-31"},
		{`{"number":"1","total":"5","at":"2199-01-01"}`, "at", "not a day on which"},
		{`{"number":"1","total":"-5","at":"2026-11-17"}`, "total", "below zero"},
		{`{"number":"1","total":"5","at":"2026-11-17","currency":"SEK"}`, "currency", "set its rate first"},
		{`{"number":"1","total":"5","at":"2026-11-17","currency":"XYZW"}`, "currency", "no currency"},
		{`{"number":"1002","total":"6","at":"2026-11-17"}`, "", "already, with other content"},
		{`{"total":"5","at":"2026-11-17"}`, "number", "no number"},
		{`{"number":"1","at":"2026-11-17"}`, "total", "neither a total nor lines"},
		{`{"number":"1","total":"five","at":"2026-11-17"}`, "total", "write it like 12.34"},
		{`{"number":"1","totl":"5","at":"2026-11-17"}`, "", `"totl" is no field`},
		{`{"number":"1","total":"5","at":"2026-11-17","lines":[{"total":"5"}]}`, "lines", "names no product"},
		{`{"number":"1","total":{},"at":"2026-11-17"}`, "", "text or a number"},
		{`{"number":"1","total":"5","at":3}`, "at", "does not go here"},
		{`{"number":"1","total":"5","at":"2026-11-17","buyer":{"address":"nobody"}}`, "buyer.address", ""},
	} {
		body := fmt.Sprintf(`{"source":"webshop","orders":[%s,{"number":"good","total":"1","at":"2026-11-17"}]}`, c.order)
		a := f.answers(f.send("POST", "/api/v1/orders", body), 207)
		if e := a.Orders[0].Error; e == nil || e.Field != c.field || !strings.Contains(e.Detail, c.says) || a.Orders[1].Error != nil || a.Refused != 1 {
			t.Errorf("%s: %+v", c.order, a.Orders)
		}
		if a := f.answers(f.send("POST", "/api/v1/orders", fmt.Sprintf(`{"source":"webshop","orders":[%s]}`, c.order)), 422); a.Refused != 1 {
			t.Errorf("alone: %+v", a)
		}
	}
	replaced := f.answers(f.send("POST", "/api/v1/orders", `{"source":"webshop","replace":true,"orders":[{"number":"1002","total":"6","at":"2026-11-17"}]}`), 200)
	if replaced.Replaced != 1 {
		t.Errorf("%+v", replaced)
	}
}

// TestAPIRefusals sends requests that are refused as a whole: nothing of them is
// kept.
func TestAPIRefusals(t *testing.T) {
	f := newShopfront(t)
	for _, c := range []struct {
		body   string
		status int
		field  string
		says   string
		header []string
	}{
		{twoOrders, 401, "", "a token is needed", []string{"Authorization", ""}},
		{twoOrders, 401, "", "a token is needed", []string{"Authorization", "Basic YTpi"}},
		{twoOrders, 401, "", "unknown or was revoked", []string{"Authorization", "Bearer kaveri_" + strings.Repeat("A", 43)}},
		{twoOrders, 415, "", "application/json", []string{"Content-Type", "text/plain"}},
		{twoOrders, 400, "", "255", []string{"Idempotency-Key", strings.Repeat("k", 256)}},
		{`{"orders":[`, 422, "", "not JSON", nil},
		{`{"orders":[]}`, 422, "orders", "no orders", nil},
		{`[]`, 422, "", "does not go here", nil},
		{twoOrders + "{}", 422, "", "something else", nil},
		{`{"source":"webshop","order":[]}`, 422, "", `"order" is no field`, nil},
		{`{"source":"webshop","orders":[` + strings.Repeat(`{},`, 1000) + `{}]}`, 422, "orders", "at most 1000", nil},
		{`{"source":"` + strings.Repeat("x", 9<<20) + `"}`, 413, "", "8 MB", nil},
	} {
		f.refuses(f.send("POST", "/api/v1/orders", c.body, c.header...), c.status, c.field, c.says)
	}
	if list, _, err := f.s.Orders(t.Context(), f.boss, store.OrderQuery{}); err != nil || len(list) != 0 {
		t.Errorf("%d orders were kept, %v", len(list), err)
	}
	_, reads, err := f.s.AddAPIToken(t.Context(), f.boss, "report", []crm.APIScope{crm.ScopeOrdersRead})
	f.check(err)
	w := f.send("POST", "/api/v1/orders", twoOrders, "Authorization", "Bearer "+reads)
	f.refuses(w, 403, "", "orders:write")
	if !strings.Contains(w.Header().Get("WWW-Authenticate"), "insufficient_scope") {
		t.Error(w.Header())
	}
}

func TestAPIIdempotencyKey(t *testing.T) {
	f := newShopfront(t)
	first := f.send("POST", "/api/v1/orders", twoOrders, "Idempotency-Key", "monday")
	again := f.send("POST", "/api/v1/orders", twoOrders, "Idempotency-Key", "monday")
	if first.Code != 200 || again.Code != 200 || first.Body.String() != again.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" || first.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("%d %s\n%d %s", first.Code, first.Body, again.Code, again.Body)
	}
	f.refuses(f.send("POST", "/api/v1/orders", strings.Replace(twoOrders, "19.90", "20", 1), "Idempotency-Key", "monday"), 409, "Idempotency-Key", "key of its own")
	f.clock.pass(8 * 24 * time.Hour)
	if a := f.answers(f.send("POST", "/api/v1/orders", twoOrders, "Idempotency-Key", "monday"), 200); a.Same != 2 {
		t.Errorf("after the key was forgotten: %+v", a)
	}
}

// TestAPITokensEnd revokes a token, and disables who made one.
func TestAPITokensEnd(t *testing.T) {
	f := newShopfront(t)
	other, err := f.s.AddStaff(t.Context(), f.boss, crm.Staff{Name: "Bo", Address: "bo@lumipolku.example", Role: crm.StaffAdmin}, "a long password")
	f.check(err)
	_, his, err := f.s.AddAPIToken(t.Context(), crm.ViewerOf(other), "his", crm.APIScopes)
	f.check(err)
	f.answers(f.send("POST", "/api/v1/orders", twoOrders, "Authorization", "Bearer "+his), 200)
	f.check(f.s.DisableStaff(t.Context(), f.boss, other.ID, true))
	f.refuses(f.send("POST", "/api/v1/orders", twoOrders, "Authorization", "Bearer "+his), 401, "", "unknown or was revoked")

	list, err := f.s.APITokens(t.Context(), f.boss)
	f.check(err)
	f.check(f.s.RevokeAPIToken(t.Context(), f.boss, list[1].ID))
	f.refuses(f.send("POST", "/api/v1/orders", twoOrders), 401, "", "unknown or was revoked")
	if strings.Contains(f.log.String(), f.token) || strings.Contains(f.log.String(), his) {
		t.Error("a token stands in the log")
	}
}

// TestAPIIsSlowedDown asks too often, with a token and without.
func TestAPIIsSlowedDown(t *testing.T) {
	f := newShopfront(t)
	last := f.send("GET", "/api/v1/orders?source=a&number=b", "")
	for range 80 {
		last = f.send("GET", "/api/v1/orders?source=a&number=b", "")
	}
	f.refuses(last, 429, "", "Retry-After")
	if last.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	for range 300 {
		last = f.send("GET", "/api/v1/orders", "", "Authorization", "Bearer guess")
	}
	f.refuses(last, 429, "", "")
	f.clock.pass(time.Minute)
	f.refuses(f.send("GET", "/api/v1/orders?source=a&number=b", ""), 404, "", "")
}

// TestAPIKnowsNoCookies shows that a session does not open the API, and that the
// API makes none.
func TestAPIKnowsNoCookies(t *testing.T) {
	f := newShopfront(t)
	r := httptest.NewRequest("POST", "/signin", strings.NewReader("address=aino%40lumipolku.example&password=a+long+password"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.h.ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) == 0 {
		t.Fatal(w.Code)
	}
	w = f.send("POST", "/api/v1/orders", twoOrders, "Authorization", "", "Cookie", cookies[0].Name+"="+cookies[0].Value)
	f.refuses(w, 401, "", "a token is needed")
	w = f.send("POST", "/api/v1/orders", twoOrders, "Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site")
	if f.answers(w, 200).Added != 2 || len(w.Result().Cookies()) != 0 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Error(w.Header())
	}
}

// TestAPINotesRefunds sends a refund before its order, and one that is too large.
func TestAPINotesRefunds(t *testing.T) {
	f := newShopfront(t)
	send := func(orders, key string) []web.OrderAnswer {
		return f.answers(f.send("POST", "/api/v1/orders", `{"source":"api","orders":[`+orders+`]}`, "Idempotency-Key", key), 200).Orders
	}
	early := `{"number":"1-R","refunds":"1","total":"-4","at":"2026-11-17"}`
	for range 2 { // the answer that is given again says it too
		if a := send(early, "early"); len(a[0].Notes) != 1 || !strings.Contains(a[0].Notes[0], "rder 1, which this one refunds, is not here") {
			t.Errorf("%+v", a)
		}
	}
	if a := send(`{"number":"1","total":"10","at":"2026-11-16"}`, "order"); a[0].Notes != nil {
		t.Errorf("%+v", a)
	}
	if a := send(early, "again"); a[0].Notes != nil || a[0].Outcome != crm.OrderSame {
		t.Errorf("%+v", a)
	}
	if a := send(`{"number":"1-S","refunds":"1","total":"-6","at":"2026-11-17"}`, "rest"); a[0].Notes != nil {
		t.Errorf("%+v", a)
	}
	if a := send(`{"number":"1-T","refunds":"1","total":"-2.50","at":"2026-11-17"}`, "more"); len(a[0].Notes) != 1 || !strings.Contains(a[0].Notes[0], "2.50 more is given back for order 1") {
		t.Errorf("%+v", a)
	}
}
