package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// Keys of the tests, a different one for each purpose.
var publicKeys = crm.NewKeyring(func(p crm.TokenPurpose) []byte { return []byte("key of " + string(p)) })

// publicSite is the public handler over the fixture, and links of Aino's mail.
type publicSite struct {
	t *testing.T
	h http.Handler
	m *publicMemory
	crm.PublicLinks
	header http.Header
	log    bytes.Buffer
}

func newPublicSite(t *testing.T, change ...func(*PublicOptions)) *publicSite {
	t.Helper()
	s := &publicSite{t: t, m: newPublicMemory(), PublicLinks: crm.PublicLinks{Keys: publicKeys}, header: http.Header{"User-Agent": {"Mozilla/5.0 Firefox/140.0"}}}
	o := PublicOptions{Store: s.m, Letters: s.m, Keys: publicKeys, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&s.log, nil))}
	for _, f := range change {
		f(&o)
	}
	h, err := NewPublic(o)
	if err != nil {
		t.Fatal(err)
	}
	s.h = h
	return s
}

func (s *publicSite) do(method, target, kind, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for k, v := range s.header {
		r.Header[k] = v
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if len(w.Result().Cookies()) > 0 {
		s.t.Errorf("%s %s sets a cookie", method, target)
	}
	return w
}

func (s *publicSite) get(target string) *httptest.ResponseRecorder {
	return s.do("GET", target, "", "")
}

func (s *publicSite) post(target string, form url.Values) *httptest.ResponseRecorder {
	return s.do("POST", target, "application/x-www-form-urlencoded", form.Encode())
}

func TestUnsubscribePage(t *testing.T) {
	s := newPublicSite(t)
	link := s.Unsubscribe(ainosMail)
	want(t, s.get(link), 200, "Stop the mailings?", "I want no more mailings from Saarimatkat at a***@postia.example.", `lang="en"`, `<form method="post" action="`+link+`"`)
	if w := s.do("HEAD", link, "", ""); w.Code != 200 || w.Body.Len() != 0 {
		t.Error(w.Code, w.Body)
	}
	if len(s.m.statements) != 0 || s.m.to.Stopped != "" {
		t.Fatal("looking has changed something")
	}
	if len(s.m.visits) != 2 || s.m.visits[0].Link != crm.LinkUnsubscribe || s.m.visits[1].Method != "HEAD" {
		t.Errorf("%+v", s.m.visits)
	}
	want(t, s.post(link, nil), 200, "You get no more mailings", "undo it")
	want(t, s.post(link, nil), 200, "You get no more mailings")
	if len(s.m.statements) != 1 {
		t.Fatalf("%+v", s.m.statements)
	}
	st := s.m.statements[0]
	if st.Source != crm.ConsentUnsubscribe || !regexp.MustCompile(`^I want no more mailings from Saarimatkat at a\*\*\*@postia\.example\. \(en, version [0-9a-f]{8}\)$`).MatchString(st.Wording) ||
		st.Proof != "2026-11-18 12:40:00 UTC, from 192.0.2.1, with Mozilla/5.0 Firefox/140.0" {
		t.Errorf("%+v", st)
	}
	want(t, s.get(link), 200, "You get no more mailings", "undo it")
	want(t, s.post(link+"/undo", nil), 200, "You get the mailings again")
	if s.m.to.Stopped != "" || len(s.m.statements) != 2 || s.m.statements[1].Source != crm.ConsentUndo {
		t.Errorf("%+v", s.m.statements)
	}
	s.m.to.Stopped = crm.SuppressedUnsubscribed // by another mail, long ago
	if w := s.post(link+"/undo", nil); w.Code != 200 || s.m.to.Stopped == "" || strings.Contains(w.Body.String(), "undo") {
		t.Error("undone too late", w.Body)
	}
}

// TestOneClick: RFC 8058 §3.2, forms of both kinds, no cookies, any program.
func TestOneClick(t *testing.T) {
	var multi bytes.Buffer
	mw := multipart.NewWriter(&multi)
	mw.WriteField("List-Unsubscribe", "One-Click")
	mw.Close()
	for kind, body := range map[string]string{"application/x-www-form-urlencoded": "List-Unsubscribe=One-Click", mw.FormDataContentType(): multi.String()} {
		for _, agent := range []string{"", "curl/8.5.0", "Googlebot/2.1", "Mozilla/5.0"} {
			s := newPublicSite(t)
			s.header = http.Header{"User-Agent": {agent}, "Origin": {"https://mail.provider.example"}, "Sec-Fetch-Site": {"cross-site"}}
			w := s.do("POST", s.Unsubscribe(ainosMail), kind, body)
			if w.Code != 200 || w.Header().Get("Location") != "" || s.m.to.Stopped != crm.SuppressedUnsubscribed || len(s.m.statements) != 1 || s.m.statements[0].Source != crm.ConsentOneClick {
				t.Errorf("%s by %q: %d, %+v", kind, agent, w.Code, s.m.statements)
			}
		}
	}
	// A body that makes no sense keeps nobody in.
	for _, body := range []string{"%zz", strings.Repeat("x", 200<<10), "\x00"} {
		s := newPublicSite(t)
		if w := s.do("POST", s.Unsubscribe(ainosMail), "application/x-www-form-urlencoded", body); w.Code != 200 || s.m.to.Stopped == "" {
			t.Errorf("%.10q: %d", body, w.Code)
		}
	}
}

func TestPreferencesPage(t *testing.T) {
	s := newPublicSite(t)
	link := s.Preferences(ainosMail)
	s.m.firm.Topics = []crm.Topic{{Name: "Risteilyt", English: "Cruises"}}
	want(t, s.get(link), 200, "What you get from us", `value="Majakat &lt;3" checked`, ">Cruises</label>", `value="Risteilyt">`, "Stop all mailings")
	want(t, s.post(link, url.Values{"act": {"topics"}, "shown": {"Majakat <3", "Risteilyt"}, "topic": {"Risteilyt", "Made up"}}), 200, "Saved.", `value="Risteilyt" checked`)
	if len(s.m.choices) != 2 || s.m.choices[0].Given || !strings.HasPrefix(s.m.choices[0].Wording, "I want no more mailings from Saarimatkat at a***@postia.example about: Majakat <3 (en, version ") || !s.m.choices[1].Given {
		t.Errorf("%+v", s.m.choices)
	}
	// What was not shown, by an older page, is not withdrawn by it.
	s.post(link, url.Values{"act": {"topics"}, "shown": {"Majakat <3"}})
	if !s.m.to.Topics[1].Given {
		t.Error("a topic that was not shown is withdrawn")
	}
	want(t, s.post(link, url.Values{"act": {"stop"}}), 200, "No mailing goes to", "Get mailings again")
	want(t, s.post(link, url.Values{"act": {"again"}}), 200, "Saved.", "Stop all mailings")
	for i, source := range []string{crm.ConsentPreferences, crm.ConsentPreferences} {
		if s.m.statements[i].Source != source {
			t.Errorf("%+v", s.m.statements)
		}
	}
	said := len(s.m.statements)
	want(t, s.post(link, url.Values{"act": {"drop table"}}), 200)
	want(t, s.post(link, nil), 200)
	if len(s.m.statements) != said {
		t.Error("a form that says nothing has changed something")
	}
	s.m.to.Stopped = crm.SuppressedComplained
	if w := s.get(link); strings.Contains(w.Body.String(), "again") || !strings.Contains(w.Body.String(), "answer any mail of ours") {
		t.Error(gist(w))
	}
}

// A mail about a topic can be stopped by topic or altogether; a mail program
// that has asked nobody stops everything.
func TestUnsubscribeFromTopic(t *testing.T) {
	s := newPublicSite(t)
	s.m.firm.Topics = []crm.Topic{{Name: "saaret", English: "Islands", Finnish: "Saaret"}}
	s.m.to.Topic = "saaret"
	link := s.Unsubscribe(ainosMail)
	want(t, s.get(link), 200, "No more of: Islands", "about: Islands", "Stop all mailings", "I want no more mailings from Saarimatkat at a***@postia.example.")
	want(t, s.post(link, url.Values{"what": {"topic"}}), 200, "You get no more of: Islands", "undo it", "Stop all mailings", "The others still do")
	st := s.m.statements[0]
	if len(s.m.statements) != 1 || st.Topic != "saaret" || st.Source != crm.ConsentUnsubscribe || !strings.Contains(st.Wording, "about: Islands (en, version ") || s.m.to.Stopped != "" {
		t.Fatalf("%+v", s.m.statements)
	}
	s.m.to.Language = "fi"
	want(t, s.get(link), 200, "Et enää saa postituksia aiheesta: Saaret")
	want(t, s.post(link+"/undo", nil), 200, "Saat taas postituksia")
	if st := s.m.statements[1]; s.m.to.Out || st.Source != crm.ConsentUndo || !strings.Contains(st.Wording, "Aihe: Saaret (fi, version ") {
		t.Errorf("the undo: %+v", st)
	}
	s.do("POST", link, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click&what=topic")
	if st := s.m.statements[len(s.m.statements)-1]; s.m.to.Stopped == "" || st.Topic != "" || st.Source != crm.ConsentOneClick {
		t.Errorf("one click: %+v", st)
	}
	// Without a topic there is nothing to choose.
	s = newPublicSite(t)
	if w := s.get(link); strings.Contains(w.Body.String(), "No more of") {
		t.Error(gist(w))
	}
	s.post(link, url.Values{"what": {"topic"}})
	if s.m.to.Stopped == "" {
		t.Error("a form that names a topic the mail does not have keeps somebody in")
	}
}

func TestPublicPagesSpeakTheReadersLanguage(t *testing.T) {
	s := newPublicSite(t)
	for _, c := range []struct{ reader, firm, says string }{{"fi", "en", "Lopeta postitukset"}, {"en", "fi", "Stop the mailings"}, {"", "fi", "Lopeta postitukset"}, {"sv", "fi", "Lopeta postitukset"}, {"sv", "", "Stop the mailings"}} {
		s.m.to.Language, s.m.firm.Language = c.reader, c.firm
		want(t, s.get(s.Unsubscribe(ainosMail)), 200, c.says)
	}
}

func TestClickLeadsToStoredAddressesOnly(t *testing.T) {
	s := newPublicSite(t)
	link := s.Click(ainosMail, 1)
	for _, target := range []string{link, link + "?url=https://evil.example/", "/c/" + strings.ToUpper(link[3:])} {
		if w := s.get(target); w.Code != 302 || w.Header().Get("Location") != "https://saarimatkat.example/uto?a=1&b=2" || w.Body.Len() != 0 {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
	}
	if len(s.m.visits) != 3 || s.m.visits[0].Link != 1 {
		t.Errorf("%+v", s.m.visits)
	}
	for name, target := range map[string]string{"no such link": s.Click(ainosMail, 3), "another mail": s.Click(7, 1), "the trap": s.Trap(ainosMail), "unproven": "/c/" + strings.Repeat("a", 42), "an address": "/c/https%3A%2F%2Fevil.example"} {
		if w := s.get(target); w.Code != 404 || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	if w := s.get(s.Click(ainosMail, 2)); w.Code != 500 || w.Header().Get("Location") != "" {
		t.Error("a script was stored, and is led to:", w.Code, w.Header())
	}
	if len(s.m.visits) != 4 || s.m.visits[3].Link != crm.LinkTrap {
		t.Errorf("the trap is not kept: %+v", s.m.visits)
	}
}

func TestOpenPicture(t *testing.T) {
	s := newPublicSite(t)
	s.header.Set("Sec-Purpose", "prefetch;prerender")
	w := s.get(s.Open(ainosMail))
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/gif" || w.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" || w.Header().Get("Cache-Control") != "no-store" {
		t.Error(w.Code, w.Header(), s.m.visits)
	}
	if len(s.m.visits) != 1 || s.m.visits[0].Link != crm.LinkOpen || !s.m.visits[0].Prefetch {
		t.Errorf("%+v", s.m.visits)
	}
}

func TestMailInABrowser(t *testing.T) {
	s := newPublicSite(t)
	w := s.get(s.Copy(ainosMail))
	want(t, w, 200, "<title>Talven &lt;saaret&gt;</title>", "<p>Hei Aino</p>", `src="data:image/gif;base64,`, "[kuva]")
	for _, not := range []string{"<script", "onclick", "spy.example", "salainen", "aino.virtanen"} {
		if strings.Contains(w.Body.String(), not) {
			t.Errorf("the copy has %q", not)
		}
	}
	if p := w.Header().Get("Content-Security-Policy"); p != copyPolicy || !strings.HasPrefix(p, "sandbox ") || strings.Contains(p, "allow-scripts") || strings.Contains(p, "allow-same-origin") || strings.Contains(p, "http") {
		t.Error(p)
	}
	s = newPublicSite(t, func(o *PublicOptions) { o.Letters = nil })
	want(t, s.get(s.Copy(ainosMail)), 404)
}

func TestPublicHeaders(t *testing.T) {
	s := newPublicSite(t)
	for _, target := range []string{s.Unsubscribe(ainosMail), s.Preferences(ainosMail), s.Click(ainosMail, 1), s.Open(ainosMail), s.Copy(ainosMail), s.Trap(ainosMail), "/", "/u/none", "/customers"} {
		h := s.get(target).Header()
		for k, v := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive", "Cache-Control": "no-store"} {
			if h.Get(k) != v {
				t.Errorf("%s: %s is %q", target, k, h.Get(k))
			}
		}
		if p := h.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || !strings.Contains(p, "frame-ancestors 'none'") || strings.Contains(p, "*") || strings.Contains(p, "script-src") {
			t.Errorf("%s: %s", target, p)
		}
	}
	w := s.get(s.Unsubscribe(ainosMail))
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(w.Body.String())[1]
	css, _ := staticFiles.ReadFile("static/public.css")
	if style != string(css) || strings.Contains(w.Header().Get("Content-Security-Policy"), "unsafe") {
		t.Error("the page's style is not what its policy allows")
	}
}

// TestOnlyTokenRoutes: nothing of the colleagues' pages, and all that is wrong
// looks the same.
func TestOnlyTokenRoutes(t *testing.T) {
	s := newPublicSite(t)
	lost := s.get("/u/none").Body.String()
	good := s.Unsubscribe(ainosMail)
	for _, target := range []string{"/", "/signin", "/customers", "/static/x/app.css", "/robots.txt", "/u/", "/u", "/u//x", "/../u/x", "//evil.example/", "/-", good + "x", good[:len(good)-1], good + "/undo/x",
		s.Unsubscribe(7), s.Preferences(7), s.Copy(7), s.Trap(7), s.Open(7)[:5], "/p/" + good[3:], "/m/" + good[3:], "/o/" + good[3:], "/u/" + s.Preferences(ainosMail)[3:], "/c/" + good[3:]} {
		if w := s.get(target); w.Code != 404 || w.Body.String() != lost {
			t.Errorf("%s: %d %s", target, w.Code, gist(w))
		}
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"} {
		if w := s.do(method, good, "", ""); w.Code != 405 && w.Code != 404 {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	for _, target := range []string{s.Click(ainosMail, 1), s.Open(ainosMail), s.Copy(ainosMail), "/u/none", s.Unsubscribe(7), s.Unsubscribe(7) + "/undo"} {
		if w := s.post(target, nil); w.Code != 404 && w.Code != 405 {
			t.Errorf("POST %s: %d", target, w.Code)
		}
	}
	none := newPublicSite(t, func(o *PublicOptions) { o.Keys = crm.Keyring{} })
	want(t, none.get(good), 404)
	if len(s.m.statements) != 0 {
		t.Error("something was changed")
	}
}

func TestPublicFaultsAreNotShown(t *testing.T) {
	s := newPublicSite(t)
	s.m.broken = errors.New("secret/path/of.db: disk I/O error")
	w := s.get(s.Unsubscribe(ainosMail))
	want(t, w, 500, "That did not work")
	if strings.Contains(w.Body.String(), "secret") || !strings.Contains(s.log.String(), "secret") || strings.Contains(s.log.String(), s.Unsubscribe(ainosMail)[3:]) {
		t.Error(w.Body, s.log.String())
	}
}

func TestPublicRequestsAreBounded(t *testing.T) {
	clock := now
	s := newPublicSite(t, func(o *PublicOptions) {
		o.Now = func() time.Time { return clock }
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	})
	for range publicBurst {
		if w := s.get("/u/none"); w.Code != 404 {
			t.Fatal(w.Code)
		}
	}
	if w := s.get(s.Unsubscribe(ainosMail)); w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Error(w.Code)
	}
	clock = clock.Add(publicEvery)
	want(t, s.get(s.Unsubscribe(ainosMail)), 200)
}

func TestPublicIP(t *testing.T) {
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.7:5", "", "192.0.2.7"}, {"192.0.2.7:5", "198.51.100.1", "192.0.2.7"}, {"127.0.0.1:5", "", "127.0.0.1"}, {"127.0.0.1:5", "203.0.113.9, 198.51.100.1", "198.51.100.1"},
		{"[::1]:5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"}, {"127.0.0.1:5", "[2001:db8::1]:80", "2001:db8::/64"}, {"127.0.0.1:5", "unknown", "127.0.0.1"}, {"[::ffff:192.0.2.7]:5", "", "192.0.2.7"}, {"@", "", "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := publicIP(r); got != c.want {
			t.Errorf("%+v gives %s", c, got)
		}
	}
}
