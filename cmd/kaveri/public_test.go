package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/store"
	"kaveri/web"
)

// clocked is a clock that a test moves.
type clocked struct {
	mu sync.Mutex
	at time.Time
}

func (c *clocked) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clocked) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// mailed is a firm that has sent a mailing, and the outside of its public links.
type mailed struct {
	*testing.T
	ctx     context.Context
	clock   *clocked
	s       *store.Store
	h       http.Handler
	lease   crm.Lease
	mailing crm.MailingID
	sent    []crm.Dispatch
	crm.PublicLinks
}

// sendMailing sends a mailing to n people, just now, with two links.
func sendMailing(t *testing.T, n int) *mailed {
	t.Helper()
	m := &mailed{T: t, ctx: t.Context(), clock: &clocked{at: time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)}}
	s, err := store.Open(m.ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: bytes.Repeat([]byte{7}, store.KeySize), Now: m.clock.now})
	m.check(err)
	t.Cleanup(func() { s.Close() })
	m.s, m.PublicLinks = s, crm.PublicLinks{Keys: s.Keyring()}
	m.check(s.SaveFirm(m.ctx, crm.SystemViewer, crm.Firm{Name: "Lumipolku", Language: "en", TrackOpens: true}))
	renderer, err := campaigns.NewRenderer(campaigns.RendererOptions{Keys: s.Keyring()})
	m.check(err)
	m.h, err = web.NewPublic(web.PublicOptions{Store: s, Letters: letters{s, renderer}, Keys: s.Keyring(), Now: m.clock.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	m.check(err)
	m.lease, err = s.AcquireLease(m.ctx, "test", 24*time.Hour)
	m.check(err)
	m.mailing = m.enlist(n)
	m.check(s.SetMailingLinks(m.ctx, m.mailing, []string{"https://lumipolku.example/talvi", "https://lumipolku.example/kevat"}))
	m.sent = m.claim()
	var ids []crm.DispatchID
	var done []crm.Attempt
	for _, d := range m.sent {
		ids = append(ids, d.ID)
		done = append(done, crm.Attempt{Dispatch: d.ID, Token: m.lease.Token, Stage: crm.StageDot, At: m.clock.now(), Reply: crm.Reply{Code: 250, Text: "ok"}, State: crm.Sent})
	}
	m.settle(nil, ids)
	m.settle(done, nil)
	return m
}

func (m *mailed) check(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// enlist starts a mailing to n people.
func (m *mailed) enlist(n int) crm.MailingID {
	m.Helper()
	made, _, err := m.s.AddMailing(m.ctx, crm.SystemViewer, crm.Mailing{Kind: crm.MailingAudience, From: crm.Party{Address: "news@lumipolku.example"}, Template: crm.Template{Subject: "Winter", Text: "Winter"}},
		func(yield func(crm.Recipient, error) bool) {
			for i := range n {
				if !yield(crm.Recipient{Address: crm.Address(fmt.Sprintf("reader%d@posti.example", i))}, nil) {
					return
				}
			}
		}, nil)
	m.check(err)
	m.check(m.s.StartMailing(m.ctx, crm.SystemViewer, made.ID))
	return made.ID
}

func (m *mailed) claim() []crm.Dispatch {
	m.Helper()
	ds, err := m.s.Claim(m.ctx, m.lease, 1000)
	m.check(err)
	return ds
}

func (m *mailed) settle(done []crm.Attempt, arm []crm.DispatchID) {
	m.Helper()
	refused, err := m.s.Settle(m.ctx, m.lease, done, arm)
	if err != nil || len(refused) > 0 {
		m.Fatal(refused, err)
	}
}

// ask sends one request, without cookies, from an address of its own.
func (m *mailed) ask(method, target, agent, from, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	r.RemoteAddr = from + ":4711"
	r.Header.Set("User-Agent", agent)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	return w
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

func TestScenario12OneClick(t *testing.T) {
	m := sendMailing(t, 3)
	d := m.sent[1]
	link := m.Unsubscribe(d.ID)
	m.enlist(3) // queued for them already
	for _, method := range []string{"GET", "HEAD"} {
		if w := m.ask(method, link, firefox, "192.0.2.1", ""); w.Code != 200 {
			t.Fatal(method, w.Code)
		}
	}
	if _, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience); stopped || err != nil {
		t.Fatal("looking at the link stops the mail", err)
	}
	for range 2 {
		w := m.ask("POST", link, "any agent at all", "198.51.100.1", "List-Unsubscribe=One-Click")
		if w.Code != 200 || w.Header().Get("Location") != "" || len(w.Result().Cookies()) > 0 {
			t.Fatal(w.Code, w.Header())
		}
	}
	waiting := m.claim()
	if len(waiting) != 2 || waiting[0].Address == d.Address || waiting[1].Address == d.Address {
		t.Errorf("claimed after the opt-out: %+v", waiting)
	}
	list, err := m.s.Consents(m.ctx, crm.SystemViewer, d.Address)
	m.check(err)
	if len(list) != 1 || list[0].Given || list[0].Source != crm.ConsentOneClick || !strings.Contains(list[0].Wording, "(en, version ") || !strings.Contains(list[0].Proof, "198.51.100.1") {
		t.Errorf("%+v", list)
	}
	p, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience)
	if !stopped || err != nil || p.Reason != crm.SuppressedUnsubscribed || p.Dispatch != d.ID || p.Evidence == "" {
		t.Errorf("%+v, %v", p, err)
	}
	// A mail that was claimed before, and is about to go, does not.
	m.ask("POST", m.Unsubscribe(m.sent[0].ID), firefox, "198.51.100.1", "")
	refused, err := m.s.Settle(m.ctx, m.lease, nil, []crm.DispatchID{waiting[0].ID, waiting[1].ID})
	if err != nil || len(refused) != 1 {
		t.Error(refused, err)
	}
}

// The mail in a browser is the mail as it went out.
func TestMailInABrowser(t *testing.T) {
	m := sendMailing(t, 1)
	w := m.ask("GET", m.Copy(m.sent[0].ID), firefox, "192.0.2.1", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "<title>Winter</title>") || !strings.Contains(w.Body.String(), "<pre>Winter</pre>") || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Error(w.Code, w.Body)
	}
}

func TestScenario12Undo(t *testing.T) {
	m := sendMailing(t, 1)
	d := m.sent[0]
	link := m.Unsubscribe(d.ID)
	m.ask("POST", link, firefox, "192.0.2.1", "")
	m.clock.pass(crm.UndoWindow - time.Minute)
	m.ask("POST", link+"/undo", firefox, "192.0.2.1", "")
	if _, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience); stopped || err != nil {
		t.Error("the undo does nothing", err)
	}
	m.ask("POST", link, firefox, "192.0.2.1", "")
	m.clock.pass(crm.UndoWindow + time.Minute)
	m.ask("POST", link+"/undo", firefox, "192.0.2.1", "")
	if _, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience); !stopped || err != nil {
		t.Error("the undo works for ever", err)
	}
	all, err := m.s.SuppressionsOf(m.ctx, crm.SystemViewer, d.Address)
	m.check(err)
	said, err := m.s.Consents(m.ctx, crm.SystemViewer, d.Address)
	m.check(err)
	if len(all) != 2 || all[0].Lifted.IsZero() || all[0].Evidence == "" || len(said) != 3 || !said[1].Given {
		t.Errorf("the evidence is not kept: %+v, %+v", all, said)
	}
}

func TestScenario13ScannerStorm(t *testing.T) {
	const n = 500
	m := sendMailing(t, n)
	m.clock.pass(time.Second)
	m.storm(m.sent)
	m.unmoved(n)
	// One that scans when the mail is an hour old is told by its haste.
	m.clock.pass(time.Hour)
	m.storm(m.sent[:20])
	m.unmoved(n)
	// Readers come later, from the same offices, and count.
	m.clock.pass(time.Hour)
	for i, d := range m.sent[:7] {
		if w := m.ask("GET", m.Click(d.ID, 1), firefox, fmt.Sprintf("192.0.2.%d", i), ""); w.Code != 302 || w.Header().Get("Location") != "https://lumipolku.example/talvi" {
			t.Fatal(w.Code, w.Header())
		}
	}
	if got := m.responses(); got[crm.Response{Kind: crm.EventClicked}] != 7 || got[crm.Response{Kind: crm.EventClicked, Machine: true}] != n {
		t.Errorf("%+v", got)
	}
}

// storm fetches every link of mails at once, as a gateway does.
func (m *mailed) storm(ds []crm.Dispatch) {
	m.Helper()
	var g errgroup.Group
	g.SetLimit(16)
	for i, d := range ds {
		g.Go(func() error {
			from := fmt.Sprintf("203.0.%d.%d", i/200, i%200)
			for _, link := range []string{m.Unsubscribe(d.ID), m.Preferences(d.ID), m.Copy(d.ID), m.Click(d.ID, 1), m.Click(d.ID, 2), m.Open(d.ID), m.Trap(d.ID)} {
				if w := m.ask(map[bool]string{true: "HEAD", false: "GET"}[i%5 == 0], link, firefox, from, ""); w.Code >= 400 && link != m.Trap(d.ID) {
					return fmt.Errorf("%s: %d", link, w.Code)
				}
			}
			return nil
		})
	}
	m.check(g.Wait())
}

// unmoved checks that nothing but the count of machines has changed.
func (m *mailed) unmoved(machines int) {
	m.Helper()
	stops, _, err := m.s.Suppressions(m.ctx, crm.SystemViewer, crm.PageKey{}, 10)
	m.check(err)
	if len(stops) > 0 {
		m.Errorf("somebody is out: %+v", stops)
	}
	for _, d := range m.sent {
		if said, err := m.s.Consents(m.ctx, crm.SystemViewer, d.Address); len(said) > 0 || err != nil {
			m.Fatalf("%s is taken to have said something: %+v, %v", d.Address, said, err)
		}
	}
	for r, mails := range m.responses() {
		if !r.Machine || mails != machines {
			m.Errorf("%d mails have %+v", mails, r)
		}
	}
}

func (m *mailed) responses() map[crm.Response]int {
	m.Helper()
	list, err := m.s.Responses(m.ctx, crm.SystemViewer, m.mailing)
	m.check(err)
	out := map[crm.Response]int{}
	for _, r := range list {
		out[crm.Response{Kind: r.Kind, Machine: r.Machine}] = r.Mails
	}
	return out
}

// TestServePublic: the links in mail have a listener of their own, and nothing
// else is there.
func TestServePublic(t *testing.T) {
	r := start(t, nil, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--public", "127.0.0.1:0")
	defer r.end(t)
	base := r.out.find(t, `answered at (http://\S+)/`)
	for _, target := range []string{"/", "/signin", "/customers", "/u/none"} {
		res, err := http.Get(base + target)
		body := page(t, res, err)
		if res.StatusCode != 404 || !strings.Contains(body, "This page is not here") || len(res.Cookies()) > 0 || regexp.MustCompile(`(?i)kaveri`).MatchString(body) {
			t.Errorf("%s: %d %s", target, res.StatusCode, body)
		}
	}
}
