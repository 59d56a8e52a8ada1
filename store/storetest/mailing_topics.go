package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// withTopics gives the firm topics.
func (w *world) withTopics(names ...string) {
	w.Helper()
	f, err := w.s.Firm(w.ctx)
	w.check(err)
	f.Topics = nil
	for _, n := range names {
		f.Topics = append(f.Topics, crm.Topic{Name: n, Finnish: strings.ToUpper(n)})
	}
	w.check(w.s.SaveFirm(w.ctx, w.ritva, f))
}

func about(topic string) func(*crm.Mailing) { return func(m *crm.Mailing) { m.Topic = topic } }

func testTopicsOfMailings(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.withTopics("offers", "news")
	f, err := s.Firm(w.ctx)
	if topic, ok := f.Topic("news"); err != nil || !ok || topic.In("fi") != "NEWS" || topic.In("en") != "NEWS" || len(f.Topics) != 2 {
		t.Errorf("%+v, %v", f.Topics, err)
	}
	for _, bad := range []crm.Topic{{Name: "Sales & more"}, {Name: "offers"}, {Name: ""}, {Name: "x", English: "a\nb"}} {
		f.Topics = []crm.Topic{{Name: "offers"}, bad}
		w.refused(s.SaveFirm(w.ctx, w.ritva, f), crm.KindInvalid, "topic")
	}
	const dora, eero = crm.Address("dora@posti.example"), crm.Address("eero@posti.example")
	p := w.postOf(about("offers"), dora, eero)
	if r := p.recipient(dora); r.Topic != "offers" || r.Out || len(r.Topics) != 2 || r.Topics[0].Topic != "offers" || !r.Topics[0].Given || !r.Topics[1].Given {
		t.Errorf("nobody has said anything: %+v", r)
	}
	st := p.said(dora, crm.ConsentUnsubscribe)
	st.Topic = "news"
	w.refused(s.OptOut(w.ctx, st), crm.KindInvalid, "topic") // the mail is not about it
	st.Topic = "offers"
	w.enlistOf(about("offers"), dora)
	for range 2 {
		w.check(s.OptOut(w.ctx, st))
	}
	w.enlistOf(about("offers"), dora, eero)
	w.enlistOf(about("news"), dora)
	w.enlist(dora)
	got := map[string]int{}
	for _, d := range p.claim() {
		m, err := s.Mailing(w.ctx, d.Mailing)
		w.check(err)
		got[string(d.Address)+" "+m.Topic]++
	}
	if fmt.Sprint(got) != "map[dora@posti.example :1 dora@posti.example news:1 eero@posti.example offers:1]" {
		t.Errorf("claimed: %v", got)
	}
	r := p.recipient(dora)
	if r.Stopped != "" || !r.Out || !r.Undo || r.Topics[0].Given || !r.Topics[1].Given {
		t.Errorf("after the opt-out: %+v", r)
	}
	list, err := s.Consents(w.ctx, w.anna, dora)
	w.check(err)
	if len(list) != 1 || list[0].Topic != "offers" || list[0].Given {
		t.Errorf("she said: %+v", list)
	}
	for topic, want := range map[string]bool{"offers": true, "news": false, "": false} {
		if _, stopped, err := s.IsSuppressed(w.ctx, dora, crm.MailingAudience, topic); stopped != want || err != nil {
			t.Errorf("about %q: %v, %v", topic, stopped, err)
		}
	}
	// What was claimed before is not armed.
	w.check(s.UndoOptOut(w.ctx, p.said(dora, crm.ConsentUndo)))
	if r := p.recipient(dora); r.Out || !r.Topics[0].Given {
		t.Errorf("after the undo: %+v", r)
	}
	late := w.enlistOf(about("offers"), dora)
	claimed := p.claim()
	w.check(s.OptOut(w.ctx, st))
	if refused := w.arms(p.lease, claimed...); len(claimed) != 1 || len(refused) != 1 || refused[0].State != crm.Suppressed {
		t.Errorf("armed of mailing %d: %+v, refused %+v", late, claimed, refused)
	}
	// All mailings and one topic are two things.
	w.check(s.OptOut(w.ctx, p.said(dora, crm.ConsentOneClick)))
	w.check(s.OptIn(w.ctx, p.said(dora, crm.ConsentPreferences)))
	if r := p.recipient(dora); r.Stopped != "" || !r.Out {
		t.Errorf("wanted again, but for the offers: %+v", r)
	}
	w.refused(s.LiftSuppression(w.ctx, w.anna, dora, crm.SuppressedUnsubscribed, ""), crm.KindNotFound, "")
	w.check(s.LiftSuppression(w.ctx, w.anna, dora, crm.SuppressedUnsubscribed, "offers"))
}

// Who does not want a topic is a person, at whichever address.
func testTopicOfAPerson(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.withTopics("offers")
	_, err := s.AddCustomer(w.ctx, w.anna, "Dora Virtanen", []crm.Address{"dora@posti.example", "dora@tyo.example"})
	w.check(err)
	p := w.postOf(about("offers"), "dora@posti.example")
	st := p.said("dora@posti.example", crm.ConsentPreferences)
	for range 2 {
		w.check(s.ChooseTopics(w.ctx, st, []crm.Choice{{Topic: "offers", Wording: "no"}, {Topic: "unheard of", Given: true}}))
	}
	w.enlistOf(about("offers"), "dora@tyo.example")
	if ds := p.claim(); len(ds) != 0 {
		t.Errorf("written to at work: %+v", ds)
	}
	w.check(s.ChooseTopics(w.ctx, st, []crm.Choice{{Topic: "offers", Given: true, Wording: "yes"}}))
	if r := p.recipient("dora@posti.example"); r.Out || len(r.Topics) != 1 || !r.Topics[0].Given {
		t.Errorf("%+v", r)
	}
	list, err := s.Consents(w.ctx, w.anna, "dora@posti.example")
	w.check(err)
	if len(list) != 2 {
		t.Errorf("said: %+v", list)
	}
}

// A withdrawal holds wherever it comes from, and no import revives it.
func testTopicSaidElsewhere(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	const dora = crm.Address("dora@posti.example")
	stopped := func() bool {
		_, yes, err := s.IsSuppressed(w.ctx, dora, crm.MailingCampaign, "offers")
		w.check(err)
		return yes
	}
	for i, step := range []struct {
		source string
		given  bool
		stops  bool
	}{{crm.ConsentImport, true, false}, {"a call", false, true}, {crm.ConsentImport, true, true}, {"form", true, false}, {crm.ConsentImport, false, true}} {
		w.check(s.AddConsent(w.ctx, crm.Consent{Address: dora, Topic: "offers", Given: step.given, Source: step.source, At: time.Date(2026, 5, 1+i, 9, 0, 0, 0, time.UTC)}))
		if got := stopped(); got != step.stops {
			t.Errorf("after %s said %v: stopped %v", step.source, step.given, got)
		}
	}
}
