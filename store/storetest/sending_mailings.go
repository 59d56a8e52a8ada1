package storetest

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

func testMailingTurns(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	l := w.lease("test")
	m, _, err := s.AddMailing(w.ctx, w.anna, letterTo("autumn"), list("a@x.example", "b@x.example", "c@x.example"), nil)
	w.check(err)
	if got := w.claims(l, 10); len(got) != 0 {
		t.Errorf("a draft is sent: %v", got)
	}
	w.refused(s.ResumeMailing(w.ctx, w.anna, m.ID), crm.KindConflict, "")
	w.refused(s.StartMailing(w.ctx, crm.Viewer{}, m.ID), crm.KindForbidden, "")
	w.check(s.StartMailing(w.ctx, w.anna, m.ID))
	w.refused(s.StartMailing(w.ctx, w.anna, m.ID), crm.KindConflict, "")
	_, _, err = s.AddMailing(w.ctx, w.anna, m, list("d@x.example"), nil)
	w.refused(err, crm.KindConflict, "")

	got := w.claims(l, 2)
	w.check(s.PauseMailing(w.ctx, m.ID, "too many complaints"))
	if more := w.claims(l, 10); len(more) != 0 {
		t.Errorf("a paused mailing is claimed: %v", more)
	}
	a, b := got["a@x.example"], got["b@x.example"]
	if r := w.arms(l, a); len(r) != 1 || r[0].State != crm.Queued || r[0].Reason != "too many complaints" {
		t.Errorf("armed though paused: %+v", r)
	}
	w.counts(m.ID, "queued 2, claimed 1")
	row, err := s.ReadMailing(w.ctx, w.pekka, m.ID)
	w.check(err)
	if row.State != crm.MailingPaused || row.Reason != "too many complaints" || row.Finished() || row.Template.Text == "" || row.Staff != w.anna.Staff {
		t.Errorf("%+v", row)
	}
	w.check(s.ResumeMailing(w.ctx, w.anna, m.ID))
	if r := w.arms(l, b); len(r) != 0 {
		t.Errorf("resumed, but refused: %+v", r)
	}
	w.claims(l, 1)
	w.check(s.StopMailing(w.ctx, w.anna, m.ID))
	w.check(s.StopMailing(w.ctx, w.anna, m.ID))
	w.counts(m.ID, "claimed 1, armed 1, cancelled 1")
	if r := w.arms(l, a); len(r) != 1 {
		t.Errorf("armed though stopped: %+v", r)
	}
	// What had left is still recorded, and what the server put off is called off.
	later := attempt(b, crm.Deferred, 451)
	later.Due = time.Now().Add(-time.Second)
	_, err = s.Settle(w.ctx, l, []crm.Attempt{later}, nil)
	w.check(err)
	w.claims(l, 10)
	n, err := s.MailingCounts(w.ctx, w.anna, m.ID)
	w.check(err)
	if n[crm.Deferred] != 0 || n[crm.Cancelled] < 2 {
		t.Errorf("left in a stopped mailing: %v", n)
	}
	_, err = s.RetryFailed(w.ctx, w.anna, m.ID)
	w.refused(err, crm.KindConflict, "")
}

func testStartsAndEnds(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	l := w.lease("test")
	begin := func(start time.Duration, patience time.Duration, a crm.Address) crm.MailingID {
		m := letterTo("letter to " + string(a))
		m.Start, m.Patience = time.Now().Add(start), patience
		return w.mailing(m, a)
	}
	tomorrow := begin(24*time.Hour, 0, "tomorrow@x.example")
	late := begin(-crm.LateStart-time.Minute, 0, "late@x.example")
	fine := begin(-crm.LateStart+time.Minute, 0, "fine@x.example")
	stale := begin(-20*time.Minute, 10*time.Minute, "stale@x.example")
	got := w.claims(l, 10)
	if _, ok := got["fine@x.example"]; !ok || len(got) != 1 {
		t.Errorf("claimed %v", got)
	}
	w.counts(fine, "claimed 1")
	w.counts(tomorrow, "queued 1")
	w.counts(stale, "expired 1")
	row, err := s.ReadMailing(w.ctx, w.anna, late)
	w.check(err)
	if row.State != crm.MailingHeld || !strings.Contains(row.Reason, "31m") {
		t.Errorf("a late start is %s, %q", row.State, row.Reason)
	}
	w.check(s.ResumeMailing(w.ctx, w.anna, late))
	if got := w.claims(l, 10); len(got) != 1 || got["late@x.example"].ID == 0 {
		t.Errorf("a person has let it go, and it does not: %v", got)
	}
	// A person gives what has expired another chance.
	if n, err := s.RetryFailed(w.ctx, w.anna, stale); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if got := w.claims(l, 10); len(got) != 1 {
		t.Errorf("tried again: %v", got)
	}
	// Renewing the lease looks too: a process that is busy is not late.
	alsoLate := begin(-time.Hour, 0, "busy@x.example")
	_, err = s.RenewLease(w.ctx, l, time.Hour)
	w.check(err)
	if row, err := s.ReadMailing(w.ctx, w.anna, alsoLate); err != nil || row.State != crm.MailingHeld {
		t.Errorf("%+v %v", row, err)
	}
}

func testEnlist(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	aino := w.customer("Aino Virtanen", "aino@virtanen.example", "aino@work.example")
	w.customer("Info One", "info@shared.example")
	w.check(s.Suppress(w.ctx, crm.Suppression{Address: "no@x.example", Reason: crm.SuppressedUnsubscribed, Evidence: "link in the mail"}))
	var told []string
	rows := []crm.Recipient{
		{Row: 2, Address: "AINO@virtanen.example", Name: "Aino", Fields: map[string]string{"town": "Hämeenlinna\x00"}},
		{Row: 3, Address: "aino@work.example"},
		{Row: 4, Address: "pekka@x.example"},
		{Row: 5, Address: "Pekka@X.example"},
		{Row: 6, Address: "no@x.example"},
		{Row: 7, Address: "nobody"},
		{Row: 8, Address: "ville@x.example"},
	}
	give := func(end error) iter.Seq2[crm.Recipient, error] {
		return func(yield func(crm.Recipient, error) bool) {
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			if end != nil {
				yield(crm.Recipient{}, end)
			}
		}
	}
	report := func(r crm.RecipientReport) {
		told = append(told, fmt.Sprintf("%d %s", r.Row, r.Outcome))
		if r.Text == "" || r.Dispatch == 0 && r.Outcome != crm.RecipientInvalid {
			t.Errorf("%+v says too little", r)
		}
	}
	m, sum, err := s.AddMailing(w.ctx, w.anna, letterTo("autumn"), give(nil), report)
	w.check(err)
	if sum != (crm.Enlisted{Queued: 3, Suppressed: 1, Duplicates: 2, Invalid: 1}) {
		t.Errorf("%+v", sum)
	}
	slices.Sort(told)
	if got := strings.Join(told, ", "); got != "3 same-person, 5 duplicate, 6 suppressed, 7 invalid" {
		t.Errorf("told: %s", got)
	}
	w.counts(m.ID, "queued 3, suppressed 1")
	ds, err := s.DispatchesToContact(w.ctx, w.pekka, aino.Contacts[0].ID, 0)
	w.check(err)
	if len(ds) != 1 || ds[0].Address != "aino@virtanen.example" || ds[0].Fields["town"] != "Hämeenlinna\x00" || ds[0].Name != "Aino" {
		t.Errorf("Aino gets %+v", ds)
	}
	if ds, err := s.DispatchesTo(w.ctx, w.pekka, "pekka@x.example", 0); err != nil || len(ds) != 1 || ds[0].Contact != 0 {
		t.Errorf("Pekka gets %+v %v", ds, err)
	}

	// The list was cut short, and is given again as a whole.
	told = nil
	broken := errors.New("the file is damaged")
	_, _, err = s.AddMailing(w.ctx, w.anna, m, give(broken), nil)
	if !errors.Is(err, broken) {
		t.Errorf("the list's own error is %v", err)
	}
	_, sum, err = s.AddMailing(w.ctx, w.anna, m, give(nil), report)
	w.check(err)
	if sum != (crm.Enlisted{Duplicates: 6, Invalid: 1}) || len(told) != 7 {
		t.Errorf("again: %+v %v", sum, told)
	}
	w.counts(m.ID, "queued 3, suppressed 1")

	bad := letterTo("x")
	bad.From.Address = "nobody"
	_, _, err = s.AddMailing(w.ctx, w.anna, bad, nil, nil)
	w.refused(err, crm.KindInvalid, "from")
	bad = letterTo("x")
	bad.Template.Subject = "Hello\r\nBcc: everybody@x.example"
	_, _, err = s.AddMailing(w.ctx, w.anna, bad, nil, nil)
	w.refused(err, crm.KindInvalid, "subject")
	bad = letterTo("x")
	bad.Sender = 4242
	_, _, err = s.AddMailing(w.ctx, w.anna, bad, nil, nil)
	w.refused(err, crm.KindInvalid, "sender")
}

// A suppression stops mail until the last moment, and of each kind what
// [crm.SuppressionReason.Stops] says.
func testSuppressedLate(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	l := w.lease("test")
	for _, kind := range []crm.MailingKind{crm.MailingAudience, crm.MailingDirect} {
		for _, reason := range crm.SuppressionReasons {
			m := letterTo(string(kind) + " " + string(reason))
			m.Kind = kind
			early, late := crm.Address("early-"+string(reason)+"@"+string(kind)+".example"), crm.Address("late-"+string(reason)+"@"+string(kind)+".example")
			id := w.mailing(m, early, late)
			w.check(s.Suppress(w.ctx, crm.Suppression{Address: early, Reason: reason}))
			got := w.claims(l, 10)
			if _, claimed := got[early]; claimed == reason.Stops(kind) {
				t.Errorf("%s to somebody %s is claimed: %v", kind, reason, claimed)
			}
			w.check(s.Suppress(w.ctx, crm.Suppression{Address: late, Reason: reason}))
			refused := w.arms(l, got[late])
			if (len(refused) == 1) != reason.Stops(kind) {
				t.Errorf("%s to somebody %s is armed: %v", kind, reason, refused)
			}
			want := "claimed 1, armed 1"
			if reason.Stops(kind) {
				want = "suppressed 2"
				if len(refused) == 1 && (refused[0].State != crm.Suppressed || refused[0].Reason != string(reason)) {
					t.Errorf("refused as %+v", refused[0])
				}
			}
			w.counts(id, want)
		}
	}
}

func testManyRecipients(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	const n = 3000
	m, _, err := s.AddMailing(w.ctx, w.anna, letterTo("many"), audience(n), nil)
	w.check(err)
	w.check(s.StartMailing(w.ctx, w.anna, m.ID))
	l := w.lease("test")
	got, err := s.Claim(w.ctx, l, n)
	w.check(err)
	if len(got) != n || got[0].Fields["town"] != "Hämeenlinna" {
		t.Fatalf("%d are claimed", len(got))
	}
	w.arms(l, got...)
	var as []crm.Attempt
	for i, d := range got {
		state := []crm.DispatchState{crm.Sent, crm.Deferred, crm.Failed}[i%3]
		a := attempt(d, state, 250)
		a.Due, a.Reason = time.Now().Add(time.Duration(i)*time.Second), fmt.Sprint("reason ", i)
		as = append(as, a)
	}
	_, err = s.Settle(w.ctx, l, as, nil)
	w.check(err)
	w.counts(m.ID, "sent 1000, deferred 1000, failed 1000")
	for _, state := range []crm.DispatchState{crm.Sent, crm.Failed, ""} {
		seen := map[crm.DispatchID]bool{}
		for page := (crm.PageKey{}); ; {
			ds, next, err := s.Dispatches(w.ctx, w.pekka, m.ID, state, page, 300)
			w.check(err)
			for _, d := range ds {
				if seen[d.ID] = true; state != "" && d.State != state {
					t.Fatalf("%+v is not %s", d, state)
				}
			}
			if page = next; page == (crm.PageKey{}) {
				break
			}
		}
		if want := map[bool]int{true: n, false: n / 3}[state == ""]; len(seen) != want {
			t.Errorf("of state %q there are %d", state, len(seen))
		}
	}
	retried, err := s.RetryFailed(w.ctx, w.anna, m.ID)
	w.check(err)
	if retried != n/3 {
		t.Errorf("%d are tried again", retried)
	}
	w.check(s.StopMailing(w.ctx, w.anna, m.ID))
	w.counts(m.ID, "sent 1000, cancelled 2000")
}
