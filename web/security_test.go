package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

func TestNothingWithoutSigningIn(t *testing.T) {
	v := newSite(t, company())
	for _, p := range append(pages[:len(pages)-1:len(pages)-1], "/events", "/mails/104/html", "/mails/104/raw", "/mails/104/parts/2", "/mails/104/text", "/customers/11/timeline", "/customers/11/head") {
		w := v.get(p)
		if w.Code != 303 && w.Code != 401 || strings.Contains(w.Body.String(), "Aino") {
			t.Errorf("%s answers %d to a stranger", p, w.Code)
		}
	}
	for _, p := range []string{"/customers", "/customers/11/notes", "/mails/104/private", "/mailboxes", "/mailboxes/31/remove", "/mailboxes/discover", "/settings", "/colleagues",
		"/reviews/71", "/mails/101/belongs", "/customers/11/addresses", "/customers/11/addresses/remove", "/customers/12/domains/remove", "/customers/11/merge", "/customers/11/merges/1/undo",
		"/mailings/95", "/mailings/95/stop", "/dispatches/95143/settle", "/dispatches/95143/retry", "/senders", "/senders/81/test", "/senders/81/remove", "/suppressions", "/suppressions/lift", "/reports/104/seen", "/sending", "/exclusions", "/exclusions/1/remove", "/mailboxes/31/exclusions", "/mailboxes/31/exclusions/1/remove",
		"/settings/tokens", "/settings/tokens/501/revoke", "/settings/webhooks", "/settings/webhooks/502/remove", "/settings/currencies", "/orders/import", "/orders/import/file/X", "/orders/imports/471/undo"} {
		if w := v.post(p, "name", "x"); w.Code != 303 || w.Header().Get("Location") != "/signin" {
			t.Errorf("POST %s answers %d to a stranger", p, w.Code)
		}
	}
	w := v.get("/customers/11?after=1.2")
	if w.Header().Get("Location") != "/signin?next=%2Fcustomers%2F11%3Fafter%3D1.2" {
		t.Error(w.Header())
	}
}

// TestProgramsNeedAToken asks the API without a token, and with a session.
func TestProgramsNeedAToken(t *testing.T) {
	m := company()
	v := newSite(t, m)
	for range 2 {
		for _, p := range []string{"/api/v1/orders"} {
			if w := v.post(p, "number", "1"); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" || len(w.Result().Cookies()) != 0 {
				t.Errorf("POST %s answers %d", p, w.Code)
			}
			if w := v.get(p + "?source=shop&number=1"); w.Code != 401 {
				t.Errorf("GET %s answers %d", p, w.Code)
			}
		}
		v.signIn()
	}
	want(t, v.get("/api/v2/orders"), 404, `"title":"Not Found"`)
	if len(m.intake.orders) != 0 {
		t.Error("an order came in without a token")
	}
}

func TestHeaders(t *testing.T) {
	v := newSite(t, company()).signIn()
	for _, p := range append(pages, "/signin", "/static/x/app.css") {
		h := v.get(p).Header()
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Content-Security-Policy": pagePolicy} {
			if h.Get(k) != want {
				t.Errorf("%s: %s is %q", p, k, h.Get(k))
			}
		}
	}
	if strings.Contains(pagePolicy, "unsafe") || strings.Contains(pagePolicy, "*") {
		t.Error("the page policy is not strict")
	}
	w := v.get("/mails/104/html")
	if h := w.Header().Get("Content-Security-Policy"); h != framePolicy || strings.Contains(h, "allow-scripts") || strings.Contains(h, "allow-same-origin") || strings.Contains(h, "http") {
		t.Error(h)
	}
}

func TestStaticFilesBearTheirHash(t *testing.T) {
	v := newSite(t, company())
	css := regexp.MustCompile(`/static/[0-9a-f]{12}/app\.css`).FindString(v.get("/signin").Body.String())
	w := v.get(css)
	want(t, w, 200, "--paper")
	if !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Error(w.Header())
	}
	want(t, v.get("/static/000000000000/app.css"), 404)
	want(t, v.get(strings.Replace(css, "app.css", "vendor/app.css", 1)), 404)
}

func TestCrossOriginWritesAreRefused(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	v.header.Set("Sec-Fetch-Site", "cross-site")
	want(t, v.post("/customers", "name", "Forged"), 403, "sent from another site")
	for _, p := range []string{"/reviews/71", "/mails/101/belongs", "/customers/11/addresses", "/customers/11/addresses/remove", "/customers/21/merge", "/customers/11/merges/1/undo"} {
		want(t, v.post(p, "answer", "yes", "contact", "110", "belongs", "no", "address", "aino.virtanen@postia.example", "with", "22"), 403, "sent from another site")
	}
	if len(m.reviews) != 7 || len(m.merges) != 0 || len(m.views[101].Links) != 1 || len(m.customers[0].Contacts[0].Addresses) != 1 {
		t.Error("another site has changed something")
	}
	v.header = http.Header{"Origin": {"https://evil.example"}}
	want(t, v.post("/signout"), 403)
	if len(m.sessions) != 1 {
		t.Error("signed out by another site")
	}
	v.header = http.Header{"Sec-Fetch-Site": {"same-origin"}}
	if w := v.post("/customers", "name", "Own"); w.Code != 303 {
		t.Error(w.Code)
	}
}

func TestSessionCookie(t *testing.T) {
	for _, secure := range []bool{false, true} {
		m := company()
		v := newSite(t, m, func(o *Options) { o.Secure = secure }).signIn()
		name := map[bool]string{false: "kaveri", true: "__Host-kaveri"}[secure]
		k := v.cookies[name]
		if k == nil || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" || k.Secure != secure || len(k.Value) < 43 {
			t.Fatalf("%+v", k)
		}
		for h := range m.sessions {
			if bytes.Contains(h[:], []byte(k.Value)[:8]) {
				t.Error("the token itself is stored")
			}
		}
		old := k.Value
		v.signIn()
		if v.cookies[name].Value == old || len(m.sessions) != 1 {
			t.Error("a new sign-in keeps the old token alive")
		}
		v.post("/signout")
		if len(m.sessions) != 0 {
			t.Error("signing out leaves the session")
		}
		v.cookies[name] = &http.Cookie{Name: name, Value: old}
		if w := v.get("/customers"); w.Code != 303 {
			t.Error("an ended session still works")
		}
	}
}

func TestADisabledColleagueIsOut(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	m.staff[0].Disabled = true
	if w := v.get("/customers"); w.Code != 303 {
		t.Error(w.Code)
	}
	want(t, v.post("/signin", "address", "mikko@saarimatkat.example", "password", "hyvä salasana"), 403, "do not match")
}

func TestGuessingIsSlowedDown(t *testing.T) {
	clock := now
	v := newSite(t, company(), func(o *Options) { o.Now = func() time.Time { return clock } })
	for range accountBurst {
		want(t, v.post("/signin", "address", "mikko@saarimatkat.example", "password", "guess"), 403, "do not match")
	}
	want(t, v.post("/signin", "address", " MIKKO@saarimatkat.example", "password", "hyvä salasana"), 429, "Too many tries. Wait 30 seconds")
	clock = clock.Add(accountEvery)
	if w := v.post("/signin", "address", "mikko@saarimatkat.example", "password", "hyvä salasana"); w.Code != 303 {
		t.Fatal("the right password is refused after the wait", w.Code)
	}
	last := 0
	for i := range addressBurst + 5 {
		last = v.post("/signin", "address", fmt.Sprintf("a%d@x.example", i), "password", "guess").Code
	}
	if last != 429 {
		t.Error("one address may try many accounts")
	}
}

func TestThrottleForgets(t *testing.T) {
	clock := now
	th := newThrottle(func() time.Time { return clock })
	for i := range maxBuckets {
		th.wait(fmt.Sprint(i), fmt.Sprint(i))
		clock = clock.Add(time.Second)
	}
	if len(th.buckets) > maxBuckets+2 {
		t.Error(len(th.buckets))
	}
}

func TestOnlyOwnPathsAreFollowed(t *testing.T) {
	for in, want := range map[string]string{"/customers/11?x=1": "/customers/11?x=1", "//evil.example": "/", "https://evil.example": "/", "/\\evil.example": "/", "": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "evil": "/"} {
		if got := ownPath(in); got != want {
			t.Errorf("%q leads to %q", in, got)
		}
	}
}

func TestFaultsOfOursAreNotShown(t *testing.T) {
	m := company()
	var log bytes.Buffer
	v := newSite(t, m, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) }).signIn()
	m.broken = errors.New("secret/path/of.db: disk I/O error")
	w := v.get("/customers?q=private+words")
	want(t, w, 500, "Something broke on our side", w.Header().Get("X-Request-Id"))
	if strings.Contains(w.Body.String(), "secret") || !strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), w.Header().Get("X-Request-Id")) || strings.Contains(log.String(), "private") {
		t.Error(w.Body, log.String())
	}
	for kind, status := range statusOf {
		m.broken = &crm.Error{Kind: kind, Text: "the sentence for people", Err: errors.New("the cause")}
		w := v.get("/customers")
		if w.Code != status || strings.Contains(w.Body.String(), "the cause") {
			t.Errorf("kind %d gives %d", kind, w.Code)
		}
	}
	m.broken = nil
	want(t, v.get("/customers/none"), 404)
	want(t, v.get("/customers?after=x"), 422)
}

func TestTheDemoLinkWorksOnce(t *testing.T) {
	m := company()
	v := newSite(t, m, func(o *Options) { o.SignInToken = "demo-link"; o.SignInHint = "mikko / demo" })
	if w := v.get("/?token=demo-link"); w.Header().Get("Location") != "/customers" {
		t.Fatal(w.Code, w.Header())
	}
	want(t, v.get("/customers"), 200, "Mikko Laine")
	if w := v.get("/?token=demo-link"); w.Code != 303 {
		t.Error("whoever is in cannot follow the link again", w.Code)
	}
	v.cookies = map[string]*http.Cookie{}
	want(t, v.get("/?token=demo-link"), 403, "used already", "mikko / demo")
}

func TestCleanMail(t *testing.T) {
	m := company()
	inline := func(id string) ([]byte, string, error) { return m.Inline(nil, id) }
	for _, c := range []struct{ in, want string }{
		{`<p style="margin:0;color:#123456">a</p>`, `<p style="margin: 0; color: #123456">a</p>`},
		{`<p style="background:url(http://x/y)">a</p>`, `<p>a</p>`},
		{`<p style="background:u\72l(http://x/y)">a</p>`, `<p>a</p>`},
		{`<p style="font-family:'Segoe UI', serif; width: calc(100% - 2px)">a</p>`, `<p style="font-family: &#39;Segoe UI&#39;, serif; width: calc(100% - 2px)">a</p>`},
		{`<p style="color:red'; x:y'; margin:0">a</p>`, `<p style="margin: 0">a</p>`},
		{`<p style="position:fixed;top:0">a</p>`, `<p>a</p>`},
		{`<script>x</script><style>x</style>b`, `b`},
		{`<svg><a href="http://x"><text>c</text></a></svg>d`, `d`},
		{`<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>e`, `e`},
		{`<a href="javascript:alert(1)">f</a>`, `f`},
		{`<a href="data:text/html,x">g</a>`, `g`},
		{`<a href="https://x.example/?a=1&b=2" onclick="x">h</a>`, `<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">h</a>`},
		{`<form action=/x><input name=a><button>i</button></form>`, `i`},
		{`<iframe src="http://x"></iframe><object data=x></object><embed src=x><base href="http://x/"><meta http-equiv=refresh content="0;url=http://x">j`, `j`},
		{`<img src="http://x/y.png" alt="kuva">`, `<span>[kuva]</span>`},
		{`<img src="cid:evil@x">`, ``},
		{`<img src="data:image/svg+xml;base64,PHN2Zz4=">`, ``},
		{`<table background="http://x/y"><tr><td bgcolor="#fff" width="50%">k</td></tr></table>`, `<table><tr><td bgcolor="#fff" width="50%">k</td></tr></table>`},
		{`<p id="main" class="rail" name="x">l</p>`, `<p>l</p>`},
		{`<img src="cid:logo%40saarimatkat.example" srcset="http://x 2x">`, `<img src="data:image/gif;base64,`},
	} {
		got := cleanMail(c.in, inline).html
		if got = strings.TrimSpace(got); got != c.want && (!strings.HasSuffix(c.want, "base64,") || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s\n gives %s\n want  %s", c.in, got, c.want)
		}
	}
	if n := cleanMail(ainoHTML, inline).blocked; n != 3 {
		t.Errorf("%d pictures were left out, want 3", n)
	}
}

var anyTag, anyValue = regexp.MustCompile(`<[^>]*>`), regexp.MustCompile(`="[^"]*"`)

func FuzzCleanMail(f *testing.F) {
	f.Add(ainoHTML)
	f.Add(`<p style="a:b`)
	bad := regexp.MustCompile(`(?i)<(script|iframe|svg|math|form|object|embed|link|meta|base|style)\b|\son[a-z]+\s*=|\ssrc\s*=\s*"?\s*(https?:|//)`)
	f.Fuzz(func(t *testing.T, in string) {
		out := cleanMail(in, nil).html
		for z := bufio.NewScanner(strings.NewReader(out)); z.Scan(); {
			// Text may speak of such things; a tag may not.
			for _, tag := range anyTag.FindAllString(z.Text(), -1) {
				if bad.MatchString(anyValue.ReplaceAllStringFunc(tag, func(v string) string {
					if strings.Contains(tag, " src") {
						return v
					}
					return `=""`
				})) {
					t.Errorf("%q lets through %q", in, tag)
				}
			}
		}
	})
}

// What is a megabyte here would take hours if cleaning took the square of it: the
// test would not end.
func TestCleanMailEndsOnMalice(t *testing.T) {
	for _, in := range []string{`<p style="` + strings.Repeat("/*", 1<<20), strings.Repeat(`<p style="a:(`, 1<<17), strings.Repeat("<table><tr><td>", 1<<16), strings.Repeat("&", 1<<20), strings.Repeat("<", 1<<20), strings.Repeat(`<img src="cid:x">`, 1<<16)} {
		if got := cleanMail(in, nil); strings.Contains(got.html, "<script") {
			t.Errorf("%.20q lets through %.80q", in, got.html)
		}
	}
}

func TestFileNames(t *testing.T) {
	for in, want := range map[string]string{"../../etc/passwd": "etcpasswd", "a\r\nb.pdf": "ab.pdf", "lasku\u202efdp.exe": "laskufdp.exe", "": "part-2.pdf", "...": "part-2.pdf", "Näyte 1.txt": "Näyte 1.txt"} {
		if got := fileName(crm.Attachment{Name: in, Part: "2", Type: "application/pdf"}); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestLiveEvents(t *testing.T) {
	m := company()
	v := newSite(t, m, func(o *Options) { o.Heartbeat = 20 * time.Millisecond }).signIn()
	srv := httptest.NewServer(v.h)
	defer srv.Close()
	r, _ := http.NewRequest("GET", srv.URL+"/events", nil)
	for _, k := range v.cookies {
		r.AddCookie(k)
	}
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	next := func() string {
		for lines.Scan() {
			if l, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				return l
			}
		}
		return "end"
	}
	if e := next(); e != "hello" {
		t.Fatal(e)
	}
	m.mu.Lock()
	m.private[104] = []crm.StaffID{2}
	m.mu.Unlock()
	m.tell(crm.Event{Kind: "mail", Customer: 11, Message: 104}) // not for Mikko
	m.tell(crm.Event{Kind: "mail", Customer: 12, Message: 111})
	for _, want := range []string{"customer-12", "customers"} {
		if e := next(); e != want {
			t.Errorf("event %q, want %q", e, want)
		}
	}
	m.tell(crm.Event{Kind: "question", Message: 104}) // not for Mikko either
	m.tell(crm.Event{Kind: "question"})
	if e := next(); e != "questions" {
		t.Error(e)
	}
	m.tell(crm.Event{Kind: "mailbox", Mailbox: 31})
	if e := next(); e != "mailboxes" {
		t.Error(e)
	}
	m.tell(crm.Event{Kind: "note", Customer: 11})
	if e := next(); e != "customer-11" {
		t.Error(e)
	}
	m.mu.Lock() // so that the reader waits: what it cannot take is missed, and the page looks again
	for ch := range m.listeners {
		for len(ch) < cap(ch) {
			ch <- crm.Event{Kind: "note", Customer: 11}
		}
	}
	m.mu.Unlock()
	e := next()
	for e == "customer-11" || e == "customers" {
		e = next()
	}
	if e != "hello" {
		t.Error(e)
	}
	for lines.Scan() {
		if lines.Text() == ": still here" {
			return
		}
	}
	t.Error("no heartbeat")
}
