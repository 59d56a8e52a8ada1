package storetest

import (
	"slices"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// posted is a mailing of which everything has been sent.
type posted struct {
	*world
	mailing crm.MailingID
	lease   crm.Lease
	to      map[crm.Address]crm.DispatchID
	at      time.Time // when the server took it
}

// post sends a mailing to addresses, an hour ago.
func (w *world) post(to ...crm.Address) *posted {
	w.Helper()
	return w.postOf(nil, to...)
}

// postOf is post of a mailing that is changed before.
func (w *world) postOf(change func(*crm.Mailing), to ...crm.Address) *posted {
	w.Helper()
	p := &posted{world: w, to: map[crm.Address]crm.DispatchID{}, at: time.Now().Add(-time.Hour)}
	p.mailing = w.enlistOf(change, to...)
	var err error
	p.lease, err = w.s.AcquireLease(w.ctx, "test", time.Hour)
	w.check(err)
	ds := p.claim()
	var ids []crm.DispatchID
	for _, d := range ds {
		ids = append(ids, d.ID)
		p.to[d.Address] = d.ID
	}
	p.settle(nil, ids)
	var done []crm.Attempt
	for _, id := range ids {
		done = append(done, crm.Attempt{Dispatch: id, Token: p.lease.Token, Stage: crm.StageDot, At: p.at, Reply: crm.Reply{Code: 250, Text: "ok"}, State: crm.Sent})
	}
	p.settle(done, nil)
	return p
}

// enlist starts a mailing to addresses.
func (w *world) enlist(to ...crm.Address) crm.MailingID {
	w.Helper()
	return w.enlistOf(nil, to...)
}

// enlistOf is enlist of a mailing that is changed before.
func (w *world) enlistOf(change func(*crm.Mailing), to ...crm.Address) crm.MailingID {
	w.Helper()
	m := crm.Mailing{Kind: crm.MailingAudience, Name: "Syksyn matkat", From: crm.Party{Name: "Kaukoranta", Address: "news@kaukoranta.example"}, Template: crm.Template{Subject: "Syksyn matkat", Text: "Hei"}}
	if change != nil {
		change(&m)
	}
	m, _, err := w.s.AddMailing(w.ctx, w.ritva, m,
		func(yield func(crm.Recipient, error) bool) {
			for _, a := range to {
				if !yield(crm.Recipient{Address: a}, nil) {
					return
				}
			}
		}, nil)
	w.check(err)
	w.check(w.s.StartMailing(w.ctx, w.ritva, m.ID))
	return m.ID
}

func (p *posted) claim() []crm.Dispatch {
	p.Helper()
	ds, err := p.s.Claim(p.ctx, p.lease, 100)
	p.check(err)
	return ds
}

func (p *posted) settle(done []crm.Attempt, arm []crm.DispatchID) {
	p.Helper()
	if refused, err := p.s.Settle(p.ctx, p.lease, done, arm); err != nil || len(refused) > 0 {
		p.Fatal(refused, err)
	}
}

func (p *posted) recipient(a crm.Address) crm.PublicRecipient {
	p.Helper()
	r, err := p.s.PublicRecipient(p.ctx, p.to[a])
	p.check(err)
	return r
}

// said is a statement by a link of the mail to a.
func (p *posted) said(a crm.Address, source string) crm.Statement {
	return crm.Statement{Dispatch: p.to[a], Source: source, Wording: "as shown (v1)", Proof: "from 192.0.2.1"}
}

func testOptOut(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c, err := s.AddCustomer(w.ctx, w.anna, "Dora Virtanen", []crm.Address{"dora@posti.example", "dora@tyo.example"})
	w.check(err)
	p := w.post("dora@posti.example", "other@posti.example")
	if r := p.recipient("dora@posti.example"); r.Stopped != "" || r.Undo || r.Address != "dora@posti.example" || r.Mailing != p.mailing {
		t.Errorf("%+v", r)
	}
	// What waits already is not sent, at whichever of her addresses.
	w.enlist("dora@posti.example")
	w.enlist("dora@tyo.example")
	for range 2 {
		w.check(s.OptOut(w.ctx, p.said("dora@posti.example", crm.ConsentOneClick)))
	}
	if ds := p.claim(); len(ds) != 0 {
		t.Errorf("claimed after the opt-out: %+v", ds)
	}
	if r := p.recipient("dora@posti.example"); r.Stopped != crm.SuppressedUnsubscribed || !r.Undo {
		t.Errorf("%+v", r)
	}
	for _, a := range []crm.Address{"dora@posti.example", "dora@tyo.example"} {
		list, err := s.Consents(w.ctx, w.anna, a)
		w.check(err)
		if len(list) != 1 || list[0].Given || list[0].Source != crm.ConsentOneClick || list[0].Wording != "as shown (v1)" || list[0].Proof != "from 192.0.2.1" || list[0].Contact != c.Contacts[0].ID {
			t.Errorf("%s: %+v", a, list)
		}
		stops, err := s.SuppressionsOf(w.ctx, w.anna, a)
		w.check(err)
		if len(stops) != 1 || stops[0].Reason != crm.SuppressedUnsubscribed || stops[0].Evidence == "" || stops[0].Dispatch != p.to["dora@posti.example"] {
			t.Errorf("%s: %+v", a, stops)
		}
	}
	if _, stopped, err := s.IsSuppressed(w.ctx, "dora@posti.example", crm.MailingDirect, ""); stopped || err != nil {
		t.Error("a colleague may not answer her any more", err)
	}
	w.check(s.UndoOptOut(w.ctx, p.said("dora@posti.example", crm.ConsentUndo)))
	if r := p.recipient("dora@posti.example"); r.Stopped != "" {
		t.Errorf("%+v", r)
	}
	if err := s.UndoOptOut(w.ctx, p.said("dora@posti.example", crm.ConsentUndo)); crm.KindOf(err) != crm.KindConflict {
		t.Error(err)
	}
	list, err := s.Consents(w.ctx, w.anna, "dora@tyo.example")
	w.check(err)
	if len(list) != 2 || !list[1].Given || list[1].Source != crm.ConsentUndo {
		t.Errorf("%+v", list)
	}
	w.enlist("dora@tyo.example")
	if ds := p.claim(); len(ds) != 1 {
		t.Errorf("after the undo: %+v", ds)
	}
	if err := s.OptOut(w.ctx, crm.Statement{Dispatch: 1 << 40}); crm.KindOf(err) != crm.KindNotFound {
		t.Error(err)
	}
	events, err := s.DispatchEvents(w.ctx, w.anna, p.to["dora@posti.example"])
	w.check(err)
	if len(events) != 1 || events[0].Kind != crm.EventUnsubscribed || events[0].Machine {
		t.Errorf("%+v", events)
	}
}

// A shared address is its own: who opts out there does not speak for others,
// and the opt-out of one of them does not silence it.
func testOptOutShared(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, err := s.AddCustomer(w.ctx, w.anna, "Dora Virtanen", []crm.Address{"dora@posti.example"})
	w.check(err)
	eero, err := s.AddCustomer(w.ctx, w.anna, "Eero Virtanen", []crm.Address{"eero@posti.example"})
	w.check(err)
	for _, k := range []crm.ContactID{dora.Contacts[0].ID, eero.Contacts[0].ID} {
		w.check(s.AddAddress(w.ctx, w.anna, k, crm.ContactAddress{Address: "perhe@posti.example", Shared: true}))
	}
	p := w.post("dora@posti.example", "perhe@posti.example")
	w.check(s.OptOut(w.ctx, p.said("dora@posti.example", crm.ConsentUnsubscribe)))
	if r := p.recipient("perhe@posti.example"); r.Stopped != "" {
		t.Errorf("%+v", r)
	}
	w.check(s.OptOut(w.ctx, p.said("perhe@posti.example", crm.ConsentUnsubscribe)))
	if _, stopped, err := s.IsSuppressed(w.ctx, "eero@posti.example", crm.MailingAudience, ""); stopped || err != nil {
		t.Error("an opt-out of the family's address silences Eero", err)
	}
}

func testPreferences(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	const dora = crm.Address("dora@posti.example")
	for _, c := range []crm.Consent{{Topic: "Talvimatkat", Given: true, Source: "form"}, {Topic: "Risteilyt", Given: false, Source: "form"}, {Topic: "Risteilyt", Given: true, Source: crm.ConsentImport}} {
		c.Address = dora
		w.check(s.AddConsent(w.ctx, c))
	}
	p := w.post(dora)
	topics := func() (out []string) {
		for _, c := range p.recipient(dora).Topics {
			out = append(out, c.Topic+map[bool]string{true: " yes", false: " no"}[c.Given])
		}
		return out
	}
	if got := topics(); !slices.Equal(got, []string{"Risteilyt no", "Talvimatkat yes"}) {
		t.Error(got)
	}
	st := p.said(dora, crm.ConsentPreferences)
	for range 2 {
		w.check(s.ChooseTopics(w.ctx, st, []crm.Choice{{Topic: "Risteilyt", Given: true, Wording: "yes to Risteilyt"}, {Topic: "Talvimatkat", Wording: "no to Talvimatkat"}, {Topic: "Made up", Given: true}, {Topic: "", Given: true}}))
	}
	if got := topics(); !slices.Equal(got, []string{"Risteilyt yes", "Talvimatkat no"}) {
		t.Error(got)
	}
	list, err := s.Consents(w.ctx, w.anna, dora)
	w.check(err)
	if len(list) != 5 || list[3].Wording != "yes to Risteilyt" || list[3].Source != crm.ConsentPreferences {
		t.Errorf("%d statements: %+v", len(list), list)
	}
	// A complaint is not taken back by the page.
	w.check(s.OptOut(w.ctx, st))
	w.check(s.Suppress(w.ctx, crm.Suppression{Address: dora, Reason: crm.SuppressedComplained, Evidence: "a report"}))
	for range 2 {
		w.check(s.OptIn(w.ctx, st))
	}
	if r := p.recipient(dora); r.Stopped != crm.SuppressedComplained || r.Undo {
		t.Errorf("%+v", r)
	}
}

func testVisits(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	const dora = crm.Address("dora@posti.example")
	linked := func(links ...string) func(*crm.Mailing) {
		return func(m *crm.Mailing) { m.Links, m.Opens = links, true }
	}
	p := w.postOf(linked("https://kaukoranta.example/a", "https://kaukoranta.example/b"), dora)
	if url, err := s.MailingLink(w.ctx, p.to[dora], 1); url != "https://kaukoranta.example/a" || err != nil {
		t.Error(url, err)
	}
	if m, err := s.Mailing(w.ctx, p.mailing); err != nil || len(m.Links) != 2 || !m.Opens || m.Links[1] != "https://kaukoranta.example/b" {
		t.Errorf("for the sending process: %+v, %v", m, err)
	}
	if _, err := s.MailingLink(w.ctx, p.to[dora], 3); crm.KindOf(err) != crm.KindNotFound {
		t.Error(err)
	}
	for _, bad := range []string{"javascript:alert(1)", "//elsewhere.example", "https://user@elsewhere.example/", ""} {
		m := crm.Mailing{Kind: crm.MailingAudience, From: crm.Party{Address: "news@kaukoranta.example"}}
		linked(bad)(&m)
		_, _, err := s.AddMailing(w.ctx, w.ritva, m, nil, nil)
		w.refused(err, crm.KindInvalid, "link")
	}
	visit := func(after time.Duration, link crm.LinkNumber, visitor int64) {
		w.check(s.Visited(w.ctx, p.to[dora], crm.Visit{Link: link, At: p.at.Add(after), Method: "GET", Agent: "Firefox", Visitor: visitor}))
	}
	events := func() (out []string) {
		list, err := s.DispatchEvents(w.ctx, w.anna, p.to[dora])
		w.check(err)
		for _, e := range list {
			out = append(out, string(e.Kind)+" "+e.Mark)
		}
		slices.Sort(out)
		return out
	}
	expect := func(when string, want ...string) {
		t.Helper()
		if got := events(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	visit(20*time.Minute, 1, 1)
	expect("one click", "clicked link 1")
	visit(20*time.Minute+time.Second, 2, 1)
	expect("the next a second later", "clicked link 1, machine", "clicked link 2, machine")
	visit(30*time.Minute, 1, 2)
	visit(30*time.Minute, crm.LinkOpen, 2)
	visit(31*time.Minute, crm.LinkUnsubscribe, 2)
	expect("a person", "clicked link 1", "clicked link 1, machine", "clicked link 2, machine", "opened picture")
	visit(40*time.Minute, crm.LinkTrap, 3)
	list, err := s.Responses(w.ctx, w.anna, p.mailing)
	w.check(err)
	if want := []crm.Response{{Kind: crm.EventClicked, Mails: 1}, {Kind: crm.EventClicked, Machine: true, Mails: 1}, {Kind: crm.EventOpened, Mails: 1}}; !slices.Equal(list, want) {
		t.Errorf("%+v", list)
	}
	clicks, err := s.LinkClicks(w.ctx, w.anna, p.mailing)
	w.check(err)
	if want := []crm.LinkClicks{{N: 1, URL: "https://kaukoranta.example/a", People: 1, Machines: 1}, {N: 2, URL: "https://kaukoranta.example/b", Machines: 1}, {N: crm.LinkTrap, Machines: 1}}; !slices.Equal(clicks, want) {
		t.Errorf("link by link: %+v", clicks)
	}
	for range 300 {
		visit(41*time.Minute, 1, 3)
	}
	other := w.enlist("eero@posti.example")
	w.check(s.Visited(w.ctx, p.claim()[0].ID, crm.Visit{Link: crm.LinkOpen, Method: "GET", Agent: "Firefox"}))
	if list, err := s.Responses(w.ctx, w.anna, other); len(list) != 0 || err != nil {
		t.Error("a picture that the mailing does not have was fetched:", list, err)
	}
	if stops, err := s.SuppressionsOf(w.ctx, w.anna, dora); len(stops) != 0 || err != nil {
		t.Error("a visit has stopped her mail", stops, err)
	}
}

// A link that is opened proves that a mail in doubt has arrived.
func testVisitSettlesDoubt(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	p := w.post("dora@posti.example")
	w.enlist("eero@posti.example")
	id := p.claim()[0].ID
	p.settle(nil, []crm.DispatchID{id})
	p.settle([]crm.Attempt{{Dispatch: id, Token: p.lease.Token, Stage: crm.StageDot, At: time.Now(), State: crm.Unknown, Reason: "no answer"}}, nil)
	w.check(s.Visited(w.ctx, id, crm.Visit{Link: 1, Method: "HEAD"}))
	d, err := s.Dispatch(w.ctx, w.anna, id)
	w.check(err)
	if d.State != crm.Sent {
		t.Errorf("%+v", d)
	}
}
