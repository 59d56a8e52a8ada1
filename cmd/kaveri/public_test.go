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
	"slices"
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
	render  *liveRenderer
	crm.PublicLinks
}

// winter is a letter with two links of the firm's, and one to its copy.
var winter = crm.Template{Subject: "Winter", Text: "Winter: https://lumipolku.example/talvi",
	HTML: `<html><body><p>Winter</p><a href="https://lumipolku.example/talvi">winter</a> <a href="https://lumipolku.example/kevat">spring</a> <a href="{{ copy_url }}">in a browser</a></body></html>`}

const mailSite = "https://mail.lumipolku.example"

// sendMailing sends a mailing to n people, just now; everything that can be
// counted of it is.
func sendMailing(t *testing.T, n int) *mailed {
	t.Helper()
	m := &mailed{T: t, ctx: t.Context(), clock: &clocked{at: time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)}}
	s, err := store.Open(m.ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: bytes.Repeat([]byte{7}, store.KeySize), Now: m.clock.now})
	m.check(err)
	t.Cleanup(func() { s.Close() })
	m.s, m.PublicLinks = s, crm.PublicLinks{Keys: s.Keyring()}
	m.check(s.SaveFirm(m.ctx, crm.SystemViewer, crm.Firm{Name: "Lumipolku", Language: "en", PublicURL: mailSite}))
	m.render, err = newRenderer(m.ctx, s)
	m.check(err)
	m.h, err = web.NewPublic(web.PublicOptions{Store: s, Letters: letters{s, m.render}, Keys: s.Keyring(), Now: m.clock.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	m.check(err)
	m.lease, err = s.AcquireLease(m.ctx, "test", 24*time.Hour)
	m.check(err)
	m.mailing = m.enlist(n)
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
	made, _, err := m.s.AddMailing(m.ctx, crm.SystemViewer, crm.Mailing{Kind: crm.MailingAudience, From: crm.Party{Address: "news@lumipolku.example"}, Template: winter, Links: campaigns.CountedLinks(winter, mailSite), Opens: true},
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
	if _, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience, ""); stopped || err != nil {
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
	p, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience, "")
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
	if w.Code != 200 || !strings.Contains(w.Body.String(), "<title>Winter</title>") || !strings.Contains(w.Body.String(), "<p>Winter</p>") || strings.Contains(w.Body.String(), m.Trap(m.sent[0].ID)) || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox") {
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
	if _, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience, ""); stopped || err != nil {
		t.Error("the undo does nothing", err)
	}
	m.ask("POST", link, firefox, "192.0.2.1", "")
	m.clock.pass(crm.UndoWindow + time.Minute)
	m.ask("POST", link+"/undo", firefox, "192.0.2.1", "")
	if _, stopped, err := m.s.IsSuppressed(m.ctx, d.Address, crm.MailingAudience, ""); !stopped || err != nil {
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

// All links of the mails as they went out, fetched at once, change nothing and
// count as a machine's; one click of a person later counts as theirs.
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
	clicks, err := m.s.LinkClicks(m.ctx, crm.SystemViewer, m.mailing)
	if err != nil || len(clicks) != 3 || clicks[0].Machines != n || clicks[1].Machines != n || clicks[2].Machines != n || clicks[0].People+clicks[1].People > 0 {
		t.Errorf("link by link: %+v, %v", clicks, err)
	}
	for i, d := range m.sent[:7] {
		if w := m.ask("GET", m.Click(d.ID, 1), firefox, fmt.Sprintf("192.0.2.%d", i), ""); w.Code != 302 || w.Header().Get("Location") != "https://lumipolku.example/talvi" {
			t.Fatal(w.Code, w.Header())
		}
	}
	if clicks, err := m.s.LinkClicks(m.ctx, crm.SystemViewer, m.mailing); err != nil || clicks[0].People != 7 || clicks[1].People != 0 || clicks[0].Machines != n {
		t.Errorf("link by link: %+v, %v", clicks, err)
	}
	if got := m.responses(); got[crm.Response{Kind: crm.EventClicked}] != 7 || got[crm.Response{Kind: crm.EventClicked, Machine: true}] != n {
		t.Errorf("%+v", got)
	}
}

// ours are the links of a mail that lead over the public address.
var ours = regexp.MustCompile(`(?:href|src)="` + regexp.QuoteMeta(mailSite) + `(/[^"]+)"`)

// links gives those of a dispatch, in the order in which they stand in its mail.
func (m *mailed) links(id crm.DispatchID) []string {
	m.Helper()
	d, err := m.s.Dispatch(m.ctx, crm.SystemViewer, id)
	m.check(err)
	mailing, err := m.s.Mailing(m.ctx, d.Mailing)
	m.check(err)
	draft, err := m.render.Render(m.ctx, &mailing, &d)
	m.check(err)
	var out []string
	for _, found := range ours.FindAllStringSubmatch(draft.HTML, -1) {
		out = append(out, found[1])
	}
	return out
}

// storm fetches every link of mails at once, as a gateway does.
func (m *mailed) storm(ds []crm.Dispatch) {
	m.Helper()
	first, want := m.links(ds[0].ID), crm.PublicLinks{Keys: m.Keys}
	id := ds[0].ID
	if all := []string{want.Click(id, 1), want.Click(id, 2), want.Copy(id), want.Unsubscribe(id), want.Preferences(id), want.Trap(id), want.Open(id)}; !slices.Equal(first, all) {
		m.Fatalf("the mail has the links\n%s, want\n%s", strings.Join(first, "\n"), strings.Join(all, "\n"))
	}
	var g errgroup.Group
	g.SetLimit(16)
	for i, d := range ds {
		g.Go(func() error {
			from := fmt.Sprintf("203.0.%d.%d", i/200, i%200)
			for _, link := range m.links(d.ID) {
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

// A process that sends for weeks follows the firm's settings: the address of the
// public pages may change meanwhile.
func TestRendererFollowsTheFirm(t *testing.T) {
	m := sendMailing(t, 1)
	firm, err := m.s.Firm(m.ctx)
	m.check(err)
	firm.PublicURL = "https://new.lumipolku.example"
	m.check(m.s.SaveFirm(m.ctx, crm.SystemViewer, firm))
	m.render.asked = m.render.asked.Add(-firmFor)
	r, err := m.render.now(m.ctx)
	m.check(err)
	mailing, err := m.s.Mailing(m.ctx, m.mailing)
	m.check(err)
	var d crm.Dispatch
	for _, d = range m.sent {
	}
	draft, err := r.Render(m.ctx, &mailing, &d)
	m.check(err)
	if !strings.HasPrefix(draft.Unsubscribe, firm.PublicURL) {
		t.Errorf("it leads to %s", draft.Unsubscribe)
	}
}
