package web

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// visitor is a browser without JavaScript: it keeps cookies and follows nothing.
type visitor struct {
	t       *testing.T
	h       http.Handler
	cookies map[string]*http.Cookie
	header  http.Header
}

func newSite(t *testing.T, m *memory, change ...func(*Options)) *visitor {
	t.Helper()
	o := Options{Store: m, Reader: m, Connector: m, Ledger: m.outbox, Courier: m.outbox, Wishes: m.book, Intake: m.intake, Loyalty: m.register, Baskets: m.stall, Clock: m.register, Drafts: m.letters, Postbox: m.letters, Team: m.team, SetupToken: "setup-token", Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, f := range change {
		f(&o)
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, h: h, cookies: map[string]*http.Cookie{}, header: http.Header{}}
}

func (v *visitor) do(method, target string, form url.Values) *httptest.ResponseRecorder {
	v.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, vs := range v.header {
		r.Header[k] = vs
	}
	for _, k := range v.cookies {
		r.AddCookie(k)
	}
	w := httptest.NewRecorder()
	v.h.ServeHTTP(w, r)
	for _, k := range w.Result().Cookies() {
		if k.MaxAge < 0 {
			delete(v.cookies, k.Name)
		} else {
			v.cookies[k.Name] = k
		}
	}
	return w
}

func (v *visitor) get(target string) *httptest.ResponseRecorder { return v.do("GET", target, nil) }

func (v *visitor) post(target string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.do("POST", target, form)
}

func (v *visitor) signIn() *visitor {
	v.t.Helper()
	if w := v.post("/signin", "address", "mikko@saarimatkat.example", "password", "hyvä salasana"); w.Code != http.StatusSeeOther {
		v.t.Fatalf("sign in: %d %s", w.Code, w.Body)
	}
	return v
}

func (v *visitor) in(lang string) *visitor {
	v.post("/language", "language", lang, "next", "/")
	return v
}

// want checks status and that the page says each of the texts.
func want(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d\n%s", w.Code, status, gist(w))
	}
	for _, x := range texts {
		if !strings.Contains(w.Body.String(), x) {
			t.Errorf("the page does not say %q\n%s", x, gist(w))
		}
	}
}

// gist is what the page itself says, without its frame.
func gist(w *httptest.ResponseRecorder) string {
	b := w.Body.String()
	if i := strings.Index(b, "<main"); i >= 0 {
		b = b[i:]
	}
	return b[:min(len(b), 1500)]
}

// pages are all pages of a working firm.
var pages = []string{"/customers", "/waiting", "/customers?tag=VIP", "/customers?q=aino", "/customers?q=zzz", "/customers/new", "/customers/11", "/customers/12", "/customers/20", "/mails/101", "/mails/103", "/mails/104", "/mails/104?view=html",
	"/customers/11/merge", "/customers/11/merge?q=zzz", "/customers/21/merge?with=22", "/customers/11/merge?with=12", "/customers/21", "/customers/11?desk=1",
	"/mails/150", "/mails/154", "/mails/161", "/mails/162", "/mails/161/belongs?q=aino", "/mails/161/belongs?q=zzz", "/reviews",
	"/conversations/51", "/conversations/53", "/search", "/search?q=mökki", "/search?q=zzz", "/mailboxes", "/mailboxes/new", "/mailboxes/31/remove", "/mailboxes/31/exclusions",
	"/mailings", "/mailings/95", "/mailings/95?state=failed", "/mailings/94", "/mailings/92", "/mailings/91", "/mailings/95/stop", "/dispatches/95143", "/senders", "/senders/new", "/senders/82/remove", "/suppressions", "/reports",
	"/loyalty", "/loyalty?days=365", "/loyalty/list", "/loyalty/list?rung=LOYAL&timing=OVERDUE", "/loyalty/list?rung=ONE-TIME&note=bound", "/orders", "/orders?nobody=1", "/orders/904", "/orders/902?q=aino",
	"/baskets", "/baskets?by=leverage&least=50&product=kajakki", "/baskets?product=zzz", "/offers", "/offers?code=SYKSY&from=2026-09-19&to=2026-09-25", "/offers?what=vuokra&from=2026-09-19&to=2026-09-25", "/offers/measured?product=702&from=2026-09-19&to=2026-09-25", "/offers/measured?product=702&from=2026-09-19&to=2026-09-25&all=1", "/offers/measured?group=Sauna&from=2026-09-19&to=2026-09-25",
	"/wishes", "/wishes/701", "/wishes?by=value&state=open&topic=ruoka", "/wishes?text=zzz", "/surveys", "/search?q=sauna",
	"/settings", "/settings/access", "/settings/currencies", "/orders/import", "/colleagues", "/week", "/week?span=last-month", "/settings/capture", "/colleagues/4/handover", "/loyalty/risk", "/nowhere"}

var bareKey = regexp.MustCompile(`%!|&lt;no value|ZgotmplZ`)

func TestEveryPageInBothLanguages(t *testing.T) {
	for _, lang := range languages {
		v := newSite(t, company()).signIn().in(lang)
		for _, p := range pages {
			w := v.get(p)
			status := http.StatusOK
			if p == "/nowhere" {
				status = http.StatusNotFound
			}
			want(t, w, status, `<html lang="`+lang+`">`, "<h1>", `</html>`)
			if p != "/nowhere" && !strings.Contains(w.Body.String(), `name="language" value="`+otherLanguage(lang)+`"`) {
				t.Errorf("%s in %s does not offer the other language", p, lang)
			}
			if bad := bareKey.FindString(w.Body.String()); bad != "" {
				t.Errorf("%s in %s shows %q", p, lang, bad)
			}
			if strings.Contains(w.Body.String(), "style=\"") || strings.Contains(w.Body.String(), "<style") || strings.Contains(w.Body.String(), "onclick") {
				t.Errorf("%s has inline style or script", p)
			}
		}
		empty := newMemory()
		empty.firm, empty.staff, empty.passwords = crm.Firm{Name: "Tyhjä Oy"}, company().staff[:1], company().passwords
		v = newSite(t, empty).signIn().in(lang)
		for _, p := range []string{"/customers", "/mailboxes", "/search", "/colleagues", "/settings", "/reviews", "/mailings", "/senders", "/suppressions", "/reports", "/week", "/settings/capture", "/colleagues/1/handover", "/loyalty/risk"} {
			want(t, v.get(p), http.StatusOK, "</html>")
		}
	}
}

func TestCustomerPage(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/customers/11"), 200, "Aino Virtanen", "Waiting for us", "today", "Kesän Kökar-matka", "Pähkinäallergia", "Automatic reply", "Why is this here?",
		"aino.virtanen@postia.example stands as the sender", "(100 % sure)", "Mikko Laine writes to them most", "Show older", `datetime="2026-11-18T14:05:00&#43;02:00"`)
	want(t, v.in("fi").get("/customers/11"), 200, "Odottaa meitä", "tänään", "Miksi tämä on tässä?", "Automaattivastaus", "Näytä vanhempia", "keskiviikkona 18. marraskuuta 2026 klo 14.05")
	w := v.get("/customers/11")
	older := regexp.MustCompile(`/customers/11\?after=[0-9.]+`).FindString(w.Body.String())
	want(t, v.get(older), 200, "kysymys 1<")
	v.header.Set("HX-Request", "true")
	w = v.get(older)
	if strings.Contains(w.Body.String(), "<html") {
		t.Error("a fragment is a whole page")
	}
}

func TestNotes(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	w := v.post("/customers/11/notes", "kind", "call", "body", "Lupasin soittaa <perjantaina>.")
	if w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), "/customers/11?done=note#note-") {
		t.Fatal(w.Code, w.Header())
	}
	want(t, v.get("/customers/11"), 200, "Lupasin soittaa &lt;perjantaina&gt;.", "Call noted by Mikko Laine")
	want(t, v.post("/customers/11/notes", "kind", "note", "body", "  "), 422, "The note is empty")
	want(t, v.in("fi").post("/customers/11/notes", "kind", "note", "body", "  "), 422, "Kirjoita muutama sana")
	m.full = crm.Unavailable(errors.New("no space left"), "the disk is full")
	want(t, v.in("en").post("/customers/11/notes", "kind", "note", "body", "Pitkä muistiinpano"), 503, "The disk is full", ">Pitkä muistiinpano</textarea>")
}

func TestAddCustomer(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.post("/customers", "name", "", "addresses", ""), 422, "Write a name here.")
	want(t, v.post("/customers", "name", "Uusi", "addresses", "not-an-address"), 422, "aria-invalid", "not-an-address")
	w := v.post("/customers", "name", "Uusi Asiakas", "addresses", "uusi@a.example\ntoinen@a.example")
	want(t, v.get(w.Header().Get("Location")), 200, "Uusi Asiakas", "toinen@a.example", "The customer has been added.", "Nothing yet")
}

func TestMailPageAndDownloads(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/mails/104"), 200, "Kiitos ihanasta", "Sari Koskinen", "gone from there", "Download the original", "Make private", "183\u00a0kB", "m104@saarimatkat.example")
	want(t, v.get("/mails/104?view=html"), 200, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, "pictures on the internet")
	w := v.get("/mails/104/parts/2")
	want(t, w, 200, "%PDF")
	if d := w.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename*=utf-8''Matkaohjelma%20K%C3%B6kar") {
		t.Error(d)
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Error(w.Header())
	}
	want(t, v.get("/mails/104/parts/9"), 404)
	want(t, v.get("/mails/104/raw"), 200, "raw")
	want(t, v.get("/mails/9999"), 404)
	if w := v.post("/mails/104/private", "private", "yes"); w.Code != 303 {
		t.Fatal(w.Code)
	}
	want(t, v.get("/mails/104"), 200, "Show it to colleagues again")
	v.post("/signout")
	v.post("/signin", "address", "sari@saarimatkat.example", "password", "toinen salasana")
	for _, p := range []string{"/mails/104", "/mails/104/text", "/mails/104/html", "/mails/104/raw", "/mails/104/parts/2"} {
		want(t, v.get(p), 404)
	}
	if w := v.get("/customers/11"); strings.Contains(w.Body.String(), "/mails/104") {
		t.Error("a private mail stands on the timeline of somebody who does not hold it")
	}
}

func TestMailboxes(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/mailboxes"), 200, "All 1,903 mails are accounted for.", "6 mails in the mailbox are not accounted for.", "Sign-in refused", "goes on where it stopped", "Not captured", "1,522 stored", "three times")
	want(t, v.get("/mailboxes/new"), 200, `value="mikko@saarimatkat.example"`)
	want(t, v.post("/mailboxes", "address", "mikko@saarimatkat.example", "password", "wrong"), 422, "The server does not accept this password", `value="imap.saarimatkat.example"`)
	want(t, v.post("/mailboxes", "address", "a@nowhere.example", "password", "wrong"), 422, "No mail server was found")
	want(t, v.post("/mailboxes", "address", "", "password", "x"), 422, "The address is empty")
	want(t, v.in("fi").post("/mailboxes", "address", "mikko@saarimatkat.example", "password", "wrong"), 422, "Palvelin ei hyväksynyt salasanaa")
	if w := v.post("/mailboxes", "address", "uusi@saarimatkat.example", "password", "right-password"); w.Code != 303 {
		t.Fatal(w.Code, w.Body)
	}
	want(t, v.in("en").get("/mailboxes?done=mailbox"), 200, "uusi@saarimatkat.example", "Connected.")
	want(t, v.get("/mailboxes/31/remove"), 200, "894 captured mails stay")
	v.post("/mailboxes/31/remove")
	if strings.Contains(v.get("/mailboxes").Body.String(), "box-31") {
		t.Error("still connected")
	}
}

func TestSettingsAndColleagues(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.post("/settings", "name", "X", "domains", "gmail.com", "policy", "known", "zone", "Europe/Helsinki"), 422, "free-mail provider")
	want(t, v.post("/settings", "name", "X", "domains", "x.example", "policy", "known", "zone", "Mars/Base"), 422, "IANA")
	if w := v.post("/settings", "name", "Uusi nimi Oy", "domains", "x.example, y.example", "policy", "external", "zone", "Europe/Helsinki", "currency", "eur", "language", "fi"); w.Code != 303 {
		t.Fatal(w.Code, w.Body)
	}
	want(t, v.in("en").get("/settings?done=settings"), 200, "Uusi nimi Oy", "y.example", "Saved.")
	want(t, v.post("/colleagues", "name", "Outi", "address", "outi@x.example", "password", "short"), 422, "At least 10 characters")
	want(t, v.post("/colleagues", "name", "Outi", "address", "sari@saarimatkat.example", "password", "long enough now"), 409, "can sign in already")
	if w := v.post("/colleagues", "name", "Outi Salo", "address", "outi@x.example", "password", "long enough now", "role", "staff"); w.Code != 303 {
		t.Fatal(w.Code, w.Body)
	}
	v.post("/signout")
	v.post("/signin", "address", "outi@x.example", "password", "long enough now")
	want(t, v.get("/settings"), 403, "administrator")
	want(t, v.post("/colleagues", "name", "N", "address", "n@x.example", "password", "long enough now"), 403)
}

func TestFirstRun(t *testing.T) {
	m := newMemory()
	v := newSite(t, m)
	want(t, v.get("/"), 200, "Open the address from the console")
	want(t, v.get("/?token=wrong"), 200, "Open the address from the console")
	w := v.get("/?token=setup-token")
	want(t, w, 200, "Connect a mailbox", "Name of the firm")
	if strings.Contains(w.Body.String(), "sample") {
		t.Error("the demo is offered though there is none")
	}
	want(t, v.post("/setup", "token", "wrong", "firm", "F"), 403)
	want(t, v.post("/setup", "token", "setup-token", "firm", "F", "name", "N", "address", "n@f.example", "password", "short"), 422, "At least 10 characters")
	if w := v.post("/setup", "token", "setup-token", "firm", "Saaret Oy", "name", "Noora", "address", "noora@gmail.com", "password", "long enough now"); w.Code != 303 || w.Header().Get("Location") != "/mailboxes/new?first=1" {
		t.Fatal(w.Code, w.Body)
	}
	if len(m.firm.Addresses) != 1 || len(m.firm.Domains) != 0 {
		t.Errorf("a free-mail domain became the firm's own: %+v", m.firm)
	}
	want(t, v.get("/mailboxes/new?first=1"), 200, `value="noora@gmail.com"`, "Later")
	want(t, v.post("/setup", "token", "setup-token", "firm", "Again"), 403, "set up already")
	v.cookies = map[string]*http.Cookie{}
	if w := v.get("/?token=setup-token"); w.Header().Get("Location") != "/signin" {
		t.Error("the token still opens the first run")
	}
}

func TestFinnishFirstRun(t *testing.T) {
	v := newSite(t, newMemory())
	v.header.Set("Accept-Language", "fi-FI,fi;q=0.9,en;q=0.5")
	want(t, v.get("/?token=setup-token"), 200, "Tunne jokainen asiakas kuin kaveri", "Yrityksen nimi")
}
