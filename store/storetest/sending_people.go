package storetest

import (
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

func testSenders(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	relay := crm.Sender{Name: "relay", Host: "SMTP.Relay.example.", Security: crm.SecurityStartTLS, Username: "kauko", Password: "lofoten 7", Domains: []string{"Kaukoranta.example"}, Rate: 12.5, Order: 2, Bounce: "bounce.kaukoranta.example"}
	_, err := s.AddSender(w.ctx, w.anna, relay)
	w.refused(err, crm.KindForbidden, "")
	first, err := s.AddSender(w.ctx, w.ritva, relay)
	w.check(err)
	if first.Password != "" || first.Port != 587 || first.Host != "smtp.relay.example" || first.Connections == 0 || first.State != crm.SenderNew {
		t.Errorf("added %+v", first)
	}
	_, err = s.AddSender(w.ctx, w.ritva, relay)
	w.refused(err, crm.KindConflict, "")
	second, err := s.AddSender(w.ctx, w.ritva, crm.Sender{Name: "second", Host: "127.0.0.1", Security: crm.SecurityNone, Order: 1})
	w.check(err)
	for field, bad := range map[string]crm.Sender{
		"name":     {Host: "x.example"},
		"host":     {Name: "x", Host: "a b"},
		"security": {Name: "x", Host: "x.example", Security: crm.SecurityNone, Username: "x", Password: "x"},
		"domains":  {Name: "x", Host: "x.example", Domains: []string{"a b"}},
		"rate":     {Name: "x", Host: "x.example", Rate: -1},
	} {
		_, err := s.AddSender(w.ctx, w.ritva, bad)
		w.refused(err, crm.KindInvalid, field)
	}

	all, err := s.Senders(w.ctx)
	w.check(err)
	if len(all) != 2 || all[0].ID != second.ID || all[1].Password != "lofoten 7" || all[1].Rate != 12.5 || all[1].Domains[0] != "kaukoranta.example" {
		t.Errorf("for the courier: %+v", all)
	}
	shown, err := s.ListSenders(w.ctx, w.pekka)
	w.check(err)
	if len(shown) != 2 || shown[1].Password != "" {
		t.Errorf("for people: %+v", shown)
	}

	w.check(s.SenderFares(w.ctx, first.ID, crm.SenderRefused, "the password is wrong"))
	first.Name, first.Password = "relay of the north", ""
	w.check(s.UpdateSender(w.ctx, w.ritva, first))
	first.Host = "elsewhere.example"
	w.refused(s.UpdateSender(w.ctx, w.ritva, first), crm.KindInvalid, "password")
	all, err = s.Senders(w.ctx)
	w.check(err)
	if got := all[1]; got.Password != "lofoten 7" || got.Name != "relay of the north" || got.State != crm.SenderNew || got.Problem != "" || got.Host != "smtp.relay.example" {
		t.Errorf("changed to %+v", got)
	}
	w.check(s.SavePaces(w.ctx, []crm.SavedPace{{Sender: first.ID, Provider: "mx.example", State: []byte(`{"a":1}`), At: time.Now()}}))
	w.check(s.SavePaces(w.ctx, []crm.SavedPace{{Sender: first.ID, Provider: "mx.example", State: []byte(`{"a":2}`), At: time.Now()}, {Sender: second.ID, Provider: "b.example", State: []byte(`{}`)}}))
	if ps, err := s.Paces(w.ctx); err != nil || len(ps) != 2 || string(ps[0].State) != `{"a":2}` || ps[0].At.IsZero() {
		t.Errorf("paces are %v %v", ps, err)
	}
	w.check(s.RemoveSender(w.ctx, w.ritva, first.ID))
	w.refused(s.RemoveSender(w.ctx, w.ritva, first.ID), crm.KindNotFound, "")
	w.refused(s.SenderFares(w.ctx, first.ID, crm.SenderWell, ""), crm.KindNotFound, "")
	relay.Name = "relay of the north"
	if _, err := s.AddSender(w.ctx, w.ritva, relay); err != nil {
		t.Errorf("a removed sender keeps its name: %v", err)
	}
}

func testSuppressions(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	aino := w.customer("Aino", "aino@x.example")
	w.refused(s.Suppress(w.ctx, crm.Suppression{Address: "nobody", Reason: crm.SuppressedBounced}), crm.KindInvalid, "address")
	w.refused(s.Suppress(w.ctx, crm.Suppression{Address: "a@x.example", Reason: "mood"}), crm.KindInvalid, "reason")
	for _, evidence := range []string{"550 5.1.1 no such user", "550 again"} {
		w.check(s.Suppress(w.ctx, crm.Suppression{Address: "Aino@x.example", Reason: crm.SuppressedBounced, Evidence: evidence}))
	}
	w.check(s.Suppress(w.ctx, crm.Suppression{Address: "b@x.example", Reason: crm.SuppressedComplained, Staff: w.anna.Staff}))
	var seen []string
	for page := (crm.PageKey{}); ; {
		list, next, err := s.Suppressions(w.ctx, w.pekka, page, 1)
		w.check(err)
		for _, p := range list {
			seen = append(seen, string(p.Address)+" "+p.Evidence)
			if p.Address == "aino@x.example" && p.Contact != aino.Contacts[0].ID {
				t.Errorf("%+v is nobody's", p)
			}
		}
		if page = next; page == (crm.PageKey{}) {
			break
		}
	}
	if got := strings.Join(seen, ", "); got != "b@x.example , aino@x.example 550 5.1.1 no such user" {
		t.Errorf("suppressed are %s", got)
	}
	if p, yes, err := s.IsSuppressed(w.ctx, "aino@x.example", crm.MailingDirect, ""); err != nil || !yes || p.Reason != crm.SuppressedBounced {
		t.Errorf("%+v %v %v", p, yes, err)
	}
	if _, yes, _ := s.IsSuppressed(w.ctx, "b@x.example", crm.MailingDirect, ""); yes {
		t.Error("who complained about a newsletter is not answered")
	}
	w.refused(s.LiftSuppression(w.ctx, crm.Viewer{}, "aino@x.example", crm.SuppressedBounced, ""), crm.KindForbidden, "")
	w.check(s.LiftSuppression(w.ctx, w.anna, "aino@x.example", crm.SuppressedBounced, ""))
	w.refused(s.LiftSuppression(w.ctx, w.anna, "aino@x.example", crm.SuppressedBounced, ""), crm.KindNotFound, "")
	w.check(s.Suppress(w.ctx, crm.Suppression{Address: "aino@x.example", Reason: crm.SuppressedBounced, Evidence: "550 once more"}))
	all, err := s.SuppressionsOf(w.ctx, w.pekka, "aino@x.example")
	w.check(err)
	if len(all) != 2 || all[0].LiftedBy != w.anna.Staff || all[0].Lifted.IsZero() || !all[1].Lifted.IsZero() {
		t.Errorf("its history is %+v", all)
	}
	if list, next, err := s.AllSuppressions(w.ctx, w.pekka, crm.PageKey{}, 2); err != nil || len(list) != 2 || next == (crm.PageKey{}) || list[0].Evidence != "550 once more" {
		t.Errorf("the first two of all are %v, then %v, %v", list, next, err)
	} else if list, next, err = s.AllSuppressions(w.ctx, w.pekka, next, 2); err != nil || len(list) != 1 || next != (crm.PageKey{}) || list[0].Lifted.IsZero() {
		t.Errorf("the last of all is %v, then %v, %v", list, next, err)
	}
	if list, _, err := s.AllSuppressions(w.ctx, crm.Viewer{}, crm.PageKey{}, 0); err != nil || len(list) != 0 {
		t.Errorf("a stranger sees %v %v", list, err)
	}
	if list, _, err := s.Suppressions(w.ctx, crm.Viewer{}, crm.PageKey{}, 0); err != nil || len(list) != 0 {
		t.Errorf("a stranger sees %v %v", list, err)
	}
}

func testConsents(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	day := func(n int) time.Time { return time.Date(2026, 5, n, 9, 0, 0, 0, time.UTC) }
	for _, c := range []crm.Consent{
		{Topic: "trips", Given: true, At: day(1), Source: "form", Wording: "Letters about trips, v3", Proof: "clicked 2026-05-01 from 192.0.2.7"},
		{Topic: "cruises", Given: true, At: day(1), Source: "form"},
		{Topic: "trips", Given: false, At: day(5), Source: "one-click"},
		{Topic: "trips", Given: true, At: day(7), Source: crm.ConsentImport},
		{Topic: "cruises", Given: false, At: day(3), Source: "colleague", Staff: w.anna.Staff},
		{Topic: "cruises", Given: true, At: day(9), Source: "preference page"},
	} {
		c.Address = "Aino@x.example"
		w.check(s.AddConsent(w.ctx, c))
	}
	w.refused(s.AddConsent(w.ctx, crm.Consent{Address: "a@x.example"}), crm.KindInvalid, "source")
	all, err := s.Consents(w.ctx, w.pekka, "aino@x.example")
	w.check(err)
	if len(all) != 6 || all[0].Proof == "" || all[2].Source != "colleague" || all[2].Staff != w.anna.Staff {
		t.Errorf("the history is %+v", all)
	}
	now, err := s.ConsentNow(w.ctx, w.pekka, "aino@x.example")
	w.check(err)
	if now["trips"].Given || now["trips"].Source != "one-click" || !now["cruises"].Given {
		t.Errorf("what counts is %+v", now)
	}
}

func testReports(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	id := w.mailing(letterTo("autumn"), "a@x.example")
	d := w.claims(w.lease("test"), 1)["a@x.example"]
	e := crm.DispatchEvent{Dispatch: d.ID, Kind: crm.EventClicked, Mark: "link 3", Evidence: "https://kaukoranta.example/lofoten", Machine: true}
	for i, want := range []bool{true, false} {
		if added, err := s.AddDispatchEvent(w.ctx, e); err != nil || added != want {
			t.Errorf("time %d: %v %v", i, added, err)
		}
	}
	e.Mark, e.Machine = "link 4", false
	_, err := s.AddDispatchEvent(w.ctx, e)
	w.check(err)
	list, err := s.DispatchEvents(w.ctx, w.pekka, d.ID)
	w.check(err)
	if len(list) != 2 || !list[0].Machine || list[1].Machine || list[0].At.IsZero() {
		t.Errorf("events are %+v", list)
	}
	e.Dispatch = crm.DispatchID(id)
	_, err = s.AddDispatchEvent(w.ctx, e)
	w.refused(err, crm.KindNotFound, "")

	open := w.arrives(letter{From: "mailer-daemon@relay.example", To: "anna@kaukoranta.example", Subject: "failed", ID: "u1"}, w.anna)
	hidden := w.arrives(letter{From: "mailer-daemon@relay.example", To: "anna@kaukoranta.example", Subject: "secret", ID: "u2"}, w.anna)
	w.check(s.SetPrivate(w.ctx, w.anna, hidden, true))
	for _, m := range []crm.MessageID{open, open, hidden} {
		w.check(s.AddUnmatched(w.ctx, crm.UnmatchedReport{Message: m, Reason: "it names no mail of ours"}))
	}
	w.refused(s.SeenUnmatched(w.ctx, w.pekka, hidden), crm.KindNotFound, "")
	w.check(s.SeenUnmatched(w.ctx, w.pekka, open))
	us, next, err := s.UnmatchedReports(w.ctx, w.pekka, crm.PageKey{}, 10)
	w.check(err)
	if len(us) != 1 || us[0].Subject != "failed" || !us[0].Seen || us[0].Reason == "" || next != (crm.PageKey{}) {
		t.Errorf("Pekka sees %+v", us)
	}
	if us, next, err := s.UnmatchedReports(w.ctx, w.anna, crm.PageKey{}, 1); err != nil || len(us) != 1 || next == (crm.PageKey{}) {
		t.Errorf("Anna sees %+v %v", us, err)
	}
}

// Mail to many is seen by every colleague, a colleague's own by its writer, and
// a stranger sees nothing.
func testMailingsSeen(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	many := w.mailing(letterTo("autumn"), "a@x.example", "b@x.example")
	own := letterTo("re: your trip")
	own.Kind = crm.MailingDirect
	direct := w.mailing(own, "a@x.example")
	ds, _, err := s.Dispatches(w.ctx, w.anna, direct, "", crm.PageKey{}, 0)
	w.check(err)
	d := ds[0].ID
	for _, c := range []struct {
		name string
		v    crm.Viewer
		sees int
	}{{"Anna", w.anna, 2}, {"Pekka", w.pekka, 1}, {"Ritva", w.ritva, 1}, {"a stranger", crm.Viewer{}, 0}, {"the program", crm.SystemViewer, 2}} {
		var got int
		for page := (crm.PageKey{}); ; {
			list, next, err := s.Mailings(w.ctx, c.v, []crm.MailingState{crm.MailingRunning, crm.MailingPaused}, page, 1)
			w.check(err)
			for _, m := range list {
				if got++; m.Template.Text != "" || m.Recipients.Total() == 0 {
					t.Errorf("in the list stands %+v", m)
				}
			}
			if page = next; page == (crm.PageKey{}) {
				break
			}
		}
		if got != c.sees {
			t.Errorf("%s sees %d mailings", c.name, got)
		}
		seesOwn := c.sees == 2
		if _, err := s.ReadMailing(w.ctx, c.v, direct); (err == nil) != seesOwn {
			t.Errorf("%s reads: %v", c.name, err)
		}
		if _, err := s.Dispatch(w.ctx, c.v, d); (err == nil) != seesOwn {
			t.Errorf("%s reads the dispatch: %v", c.name, err)
		}
		if _, _, err := s.Dispatches(w.ctx, c.v, direct, "", crm.PageKey{}, 0); (err == nil) != seesOwn {
			t.Errorf("%s lists: %v", c.name, err)
		}
		if to, err := s.DispatchesTo(w.ctx, c.v, "a@x.example", 0); err != nil || len(to) != c.sees {
			t.Errorf("%s sees that a got %d: %v", c.name, len(to), err)
		}
		if as, err := s.Attempts(w.ctx, c.v, d); err != nil || len(as) != 0 {
			t.Errorf("%s: %v %v", c.name, as, err)
		}
		if c.v.System || c.v.Staff == w.anna.Staff {
			continue
		}
		if err := s.StopMailing(w.ctx, c.v, direct); err == nil {
			t.Errorf("%s stops Anna's mail", c.name)
		}
	}
	if _, err := s.ReadMailing(w.ctx, w.pekka, many); err != nil {
		t.Error(err)
	}
}

func testKeyring(t *testing.T, s *store.Store) {
	k := s.Keyring()
	token := k.Make(crm.TokenUnsubscribe, 77)
	if id, ok := s.Keyring().Read(crm.TokenUnsubscribe, token); !ok || id != 77 {
		t.Errorf("%s is read as %d, %v", token, id, ok)
	}
	if _, ok := k.Read(crm.TokenClick, token); ok {
		t.Error("a token is good for another purpose")
	}
}

// What is left of a mailing goes by the sender and policy that were named last.
func testReroute(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	var ids []crm.SenderID
	for _, name := range []string{"old", "new"} {
		m, err := s.AddSender(w.ctx, w.ritva, crm.Sender{Name: name, Host: "smtp." + name + ".example"})
		w.check(err)
		ids = append(ids, m.ID)
	}
	m := letterTo("autumn")
	m.Sender = ids[0]
	id := w.mailing(m, "a@x.example")
	w.check(s.RerouteMailing(w.ctx, w.anna, id, ids[1], crm.DoubtVerify))
	if got, err := s.Mailing(w.ctx, id); err != nil || got.Sender != ids[1] || got.Doubt != crm.DoubtVerify || got.State != crm.MailingRunning {
		t.Errorf("the mailing is %+v, %v", got, err)
	}
	w.refused(s.RerouteMailing(w.ctx, w.anna, 1<<40, ids[1], crm.DoubtHold), crm.KindNotFound, "")
}
