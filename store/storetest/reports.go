package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// ledgerBook is what the tests of reports ask of the ledger.
type ledgerBook interface {
	PutDispatch(ctx context.Context, kind crm.MailingKind, from, to crm.Address, state crm.DispatchState, at time.Time) (crm.DispatchID, error)
	ReadDispatch(ctx context.Context, d crm.DispatchID) (state crm.DispatchState, events, suppressed string, err error)
	ReadUnmatched(ctx context.Context) (string, error)
}

// dispatched puts a mail to dora@acme.example on the ledger.
func (w *world) dispatched(state crm.DispatchState) crm.DispatchID {
	w.Helper()
	d, err := any(w.s).(ledgerBook).PutDispatch(w.ctx, crm.MailingAudience, "anna@kaukoranta.example", crm.Address(fmt.Sprintf("dora%d@acme.example", w.uid)), state, w.clock)
	w.check(err)
	w.uid++
	return d
}

func (w *world) wantDispatch(d crm.DispatchID, what string, state crm.DispatchState, events, suppressed string) {
	w.Helper()
	s, e, u, err := any(w.s).(ledgerBook).ReadDispatch(w.ctx, d)
	w.check(err)
	if s != state || e != events || u != suppressed {
		w.Errorf("%s: %s, events %q, suppressed %q; want %s, %q, %q", what, s, e, u, state, events, suppressed)
	}
}

// told delivers what a mail system says, into Anna's mailbox, and gives the
// outcome.
func (w *world) told(l letter, class crm.Class, tell func(m *crm.Message)) crm.Outcome {
	w.Helper()
	w.clock = w.clock.Add(1e9)
	d := w.delivery(l, w.clock)
	d.Message.Class = class
	tell(d.Message)
	w.uid++
	d.Raw = rawOf(l, w.clock, l.Variant)
	d.Folder, d.UIDValidity, d.UID = w.boxes[w.anna.Staff], 1, w.uid
	out, err := w.s.Deliver(w.ctx, []crm.Delivery{d})
	w.check(err)
	return out[0]
}

func bounced(status string, permanent bool) *crm.Bounce {
	return &crm.Bounce{Recipients: []crm.BouncedRecipient{{Action: crm.BounceFailed, Status: status, Reason: crm.BounceUserUnknown, Permanent: permanent, Diagnostic: "says the server"}}}
}

// What comes in says what became of a mail: by tokens that nobody can make up,
// once for each report, and kept whatever the capture policy.
func testHeard(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.under(crm.PolicyKnown)
	keys := s.Keyring()
	daemon := letter{From: "mailer-daemon@mx.acme.example", To: "anna@kaukoranta.example", Subject: "Undelivered"}
	for _, c := range []struct {
		name, events, suppressed string
		from, to                 crm.DispatchState
		class                    crm.Class
		tell                     func(d crm.DispatchID, m *crm.Message)
	}{
		{"a bounce to the return path", "bounced", "bounced", crm.Sent, crm.Failed, crm.ClassBounce, func(d crm.DispatchID, m *crm.Message) {
			m.Bounce, m.Delivered = bounced("5.1.1", true), []crm.Address{keys.ReturnPath(d, "kaukoranta.example")}
		}},
		{"a bounce that is not for good", "bounced", "", crm.Sent, crm.Failed, crm.ClassBounce, func(d crm.DispatchID, m *crm.Message) {
			m.Bounce, m.Delivered = bounced("4.2.2", true), []crm.Address{keys.ReturnPath(d, "kaukoranta.example")}
		}},
		{"a bounce about somebody behind the address", "bounced", "", crm.Sent, crm.Failed, crm.ClassBounce, func(d crm.DispatchID, m *crm.Message) {
			m.Bounce = bounced("5.1.1", true)
			m.Bounce.OriginalMessageID, m.Bounce.Recipients[0].Address = keys.MessageID(d, "kaukoranta.example"), "kalle@elsewhere.example"
		}},
		{"a bounce settles a doubt", "bounced", "bounced", crm.Unknown, crm.Failed, crm.ClassBounce, func(d crm.DispatchID, m *crm.Message) {
			m.Bounce = bounced("5.1.1", true)
			m.Bounce.EnvelopeID = keys.Make(crm.TokenReturnPath, int64(d))
		}},
		{"a delay", "delayed", "", crm.Unknown, crm.Sent, crm.ClassBounce, func(d crm.DispatchID, m *crm.Message) {
			m.Bounce = bounced("4.4.1", false)
			m.Bounce.OriginalMessageID, m.Bounce.Recipients[0].Action = keys.MessageID(d, "kaukoranta.example"), crm.BounceDelayed
		}},
		{"a complaint", "complained", "complained", crm.Sent, crm.Sent, crm.ClassComplaint, func(d crm.DispatchID, m *crm.Message) {
			m.Complaint = &crm.Complaint{FeedbackType: "abuse", OriginalMailFrom: string(keys.ReturnPath(d, "kaukoranta.example"))}
		}},
		{"an absence", "auto-answered", "", crm.Unknown, crm.Sent, crm.ClassAutoReply, func(d crm.DispatchID, m *crm.Message) {
			m.InReplyTo = []string{keys.MessageID(d, "kaukoranta.example")}
		}},
		{"an answer", "answered", "", crm.Unknown, crm.Sent, crm.ClassHuman, func(d crm.DispatchID, m *crm.Message) {
			m.InReplyTo = []string{keys.MessageID(d, "kaukoranta.example")}
		}},
		{"a late delay says nothing new", "delayed", "", crm.Failed, crm.Failed, crm.ClassBounce, func(d crm.DispatchID, m *crm.Message) {
			m.Bounce, m.Delivered = bounced("4.4.1", false), []crm.Address{keys.ReturnPath(d, "kaukoranta.example")}
			m.Bounce.Recipients[0].Action = crm.BounceDelayed
		}},
	} {
		d := w.dispatched(c.from)
		l := daemon
		l.Subject += " " + c.name
		for range 2 { // a copy tells nothing new
			if out := w.told(l, c.class, func(m *crm.Message) { c.tell(d, m) }); out.Message == 0 {
				t.Errorf("%s: not kept, by the rule %q", c.name, out.Rule)
			}
			l.Variant = "a copy"
			w.clock = w.clock.Add(-1e9)
		}
		w.clock = w.clock.Add(1e9)
		w.wantDispatch(d, c.name, c.to, c.events, c.suppressed)
	}
	w.wantUnmatched("")
}

func (w *world) wantUnmatched(want string) {
	w.Helper()
	got, err := any(w.s).(ledgerBook).ReadUnmatched(w.ctx)
	w.check(err)
	if (want == "") != (got == "") || !strings.Contains(got, want) {
		w.Errorf("reports that name no mail: %q, want %q", got, want)
	}
}

// A report without a token of ours is in sight and changes nothing; what is
// about a colleague's own mail, or is older than all mailings, is nobody's.
func testUnmatchedReports(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	daemon := letter{From: "mailer-daemon@mx.acme.example", To: "anna@kaukoranta.example", Subject: "Undelivered"}
	about := func(id string) func(*crm.Message) {
		return func(m *crm.Message) {
			m.Bounce = bounced("5.1.1", true)
			m.Bounce.OriginalMessageID = id
		}
	}
	w.told(daemon, crm.ClassBounce, about(""))
	w.wantUnmatched("") // nothing has been sent from here
	d := w.dispatched(crm.Sent)
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.exmple", Subject: "Mistyped", ID: "own@kaukoranta.example"}, w.anna)
	w.told(letter{From: daemon.From, To: daemon.To, Subject: "Own"}, crm.ClassBounce, about("own@kaukoranta.example"))
	w.wantUnmatched("")
	ours := s.Keyring().MessageID(d, "kaukoranta.example")
	forged := ours[:13] + strings.Repeat("a", 26) + ours[39:]
	fake := letter{From: daemon.From, To: daemon.To, Subject: "Forged"}
	w.told(fake, crm.ClassBounce, about(forged))
	w.wantUnmatched("is not the Message-ID of a mail that was sent from here")
	w.wantDispatch(d, "a forged bounce", crm.Sent, "", "")
	// Another copy shows to which return path it went.
	fake.Variant, w.clock = "through the dropbox", w.clock.Add(-1e9)
	w.told(fake, crm.ClassBounce, func(m *crm.Message) {
		about(forged)(m)
		m.Delivered = []crm.Address{s.Keyring().ReturnPath(d, "kaukoranta.example")}
	})
	w.wantUnmatched("")
	w.wantDispatch(d, "a copy that proves it", crm.Failed, "bounced", "bounced")
	w.under(crm.PolicyKnown)
	if out := w.told(letter{From: daemon.From, To: daemon.To, Subject: "Somebody's own"}, crm.ClassBounce, about("x@elsewhere.example")); out.Message != 0 {
		t.Error("a bounce about nothing of ours is kept against the policy")
	}
	to := w.uid
	sent := w.dispatched(crm.Sent)
	if out := w.told(letter{From: daemon.From, To: daemon.To, Subject: "Without proof"}, crm.ClassBounce, func(m *crm.Message) {
		about("")(m)
		m.Bounce.Recipients[0].Address = fmt.Sprintf("dora%d@acme.example", to)
	}); out.Message == 0 {
		t.Errorf("what may be about our mail is not kept, by the rule %q", out.Rule)
	}
	w.wantUnmatched("but nothing in it proves that")
	w.wantDispatch(sent, "a bounce without proof", crm.Sent, "", "")
	w.told(letter{From: daemon.From, To: daemon.To, Subject: "Restored"}, crm.ClassBounce, about(s.Keyring().MessageID(1<<40, "kaukoranta.example")))
	w.wantUnmatched("which is not in this database")
}

// A mail of ours in a folder shows that it was sent, though it is not kept.
func testFiledReports(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.under(crm.PolicyKnown)
	d, kept := w.dispatched(crm.Unknown), w.dispatched(crm.Unknown)
	ours := letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Letter", ID: s.Keyring().MessageID(d, "kaukoranta.example")}
	first, second := w.listed(ours), w.listed(ours)
	w.wantDispatch(d, "listed", crm.Sent, "filed", "")
	w.customer("Dora", "dora@acme.example")
	ours.ID = s.Keyring().MessageID(kept, "kaukoranta.example")
	w.arrives(ours, w.anna)
	w.wantDispatch(kept, "kept", crm.Sent, "filed", "")
	// Answers are worth their body, whoever has written them.
	answer := w.listed(letter{From: "dora@home.example", To: "anna@kaukoranta.example", Subject: "Re: Letter", ReplyTo: ours.ID})
	w.wantDue("an answer to a mailing", answer, second, first)
}
