package outbound_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
	"kaveri/outbound"
	"kaveri/store"
)

// soak asks for the full sizes.
var soak = os.Getenv("KAVERI_SOAK") != ""

// Scenario 1: a process that sends is killed again and again. Nobody gets two
// mails; everybody has one or is listed as in doubt, at most one for each
// connection and kill; and finished is said only when nothing is open.
func TestScenario1KillStorm(t *testing.T) {
	n, kills := 1500, 8
	if soak {
		n, kills = 20000, 25
	}
	const connections = 10
	engines(t, func(t *testing.T, dsn string) {
		file := filepath.Join(t.TempDir(), "accepted")
		var taken atomic.Int64
		var at atomic.Int64 // kill when so many were taken
		hit := make(chan struct{}, 1)
		sink := testsmtp.Start(t, testsmtp.Options{File: file, Taken: func(testsmtp.Mail) error {
			if taken.Add(1) == at.Load() {
				hit <- struct{}{}
			}
			return nil
		}})
		st := openStore(t, dsn, nil)
		id := mailing(t, st, sink, connections, n, nil)
		for range kills {
			at.Store(taken.Load() + 1 + rand.Int64N(int64(n/kills)))
			p := child(t, dsn)
			select {
			case <-hit:
			case <-p.Done():
				t.Fatalf("a child ended by itself: %v", p.Err())
			case <-time.After(time.Minute):
				t.Fatal("a child sends nothing")
			}
			p.Kill()
			<-p.Done()
		}
		counts := finish(t, st, id, time.Now, onlyDoubts)
		unknown := inState(t, st, id, crm.Unknown)
		got := accepted(t, file)
		sent := inState(t, st, id, crm.Sent)
		for i := range n {
			a := recipient(i)
			_, doubt := unknown[a]
			_, claimed := sent[a]
			switch {
			case got[a] > 1:
				t.Errorf("%s got %d mails", a, got[a])
			case got[a] == 0 && !doubt:
				t.Errorf("%s got none and is not in doubt", a)
			case got[a] == 0 && claimed:
				t.Errorf("%s got none and is said to be sent", a)
			}
		}
		if len(unknown) > connections*kills || counts[crm.Unknown] != len(unknown) {
			t.Errorf("%d in doubt after %d kills with %d connections; the counts say %d", len(unknown), kills, connections, counts[crm.Unknown])
		}
		row, err := st.ReadMailing(t.Context(), crm.SystemViewer, id)
		if err != nil || row.Finished() != (len(unknown) == 0) {
			t.Errorf("with %d in doubt it is said to be finished: %v, %v", len(unknown), row.Finished(), err)
		}
		t.Logf("killed %d times: %d sent, %d in doubt, 0 lost, 0 doubled", kills, counts[crm.Sent], len(unknown))
	})
}

// Scenario 2: the process dies between the dot and the reply. The mail is not
// sent again, and is listed with time and server.
func TestScenario2DeathInsideTheGap(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		file := filepath.Join(t.TempDir(), "accepted")
		read := make(chan struct{}, 1)
		dead := make(chan struct{})
		sink := testsmtp.Start(t, testsmtp.Options{File: file, Taken: func(testsmtp.Mail) error {
			select {
			case read <- struct{}{}:
			default:
			}
			<-dead
			return nil
		}})
		st := openStore(t, dsn, nil)
		id := mailing(t, st, sink, 1, 1, nil)
		p := child(t, dsn)
		<-read
		p.Kill()
		<-p.Done()
		close(dead)
		finish(t, st, id, time.Now, func(r crm.Recipients) bool { return r[crm.Unknown] == 1 })
		if got := accepted(t, file); got[recipient(0)] != 1 {
			t.Errorf("the sink took %v", got)
		}
		d := inState(t, st, id, crm.Unknown)[recipient(0)]
		if d.Changed.IsZero() || time.Since(d.Changed) > time.Minute {
			t.Errorf("in doubt since %v", d.Changed)
		}
		tries, err := st.Attempts(t.Context(), crm.SystemViewer, d.ID)
		if err != nil || len(tries) != 1 || tries[0].Server != sink.Sender().Host || tries[0].At.IsZero() {
			t.Errorf("it went to nobody: %+v, %v", tries, err)
		}
	})
}

// SIGTERM leaves no doubt: what has left is waited for, what has not goes back.
func TestSIGTERM(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		const n = 600
		file := filepath.Join(t.TempDir(), "accepted")
		var taken atomic.Int64
		half := make(chan struct{})
		sink := testsmtp.Start(t, testsmtp.Options{File: file, Taken: func(testsmtp.Mail) error {
			if taken.Add(1) == n/2 {
				close(half)
			}
			return nil
		}})
		st := openStore(t, dsn, nil)
		id := mailing(t, st, sink, 10, n, nil)
		p := child(t, dsn)
		<-half
		p.Stop(syscall.SIGTERM, 30*time.Second)
		<-p.Done()
		counts, err := st.MailingCounts(t.Context(), crm.SystemViewer, id)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(accepted(t, file)); counts[crm.Sent] != got || counts[crm.Queued] != n-got {
			t.Errorf("the sink took %d; the ledger says %v", got, counts)
		}
		counts = finish(t, st, id, time.Now, func(r crm.Recipients) bool { return r.Open() == 0 })
		for a, k := range accepted(t, file) {
			if k != 1 {
				t.Errorf("%s got %d mails", a, k)
			}
		}
		if counts[crm.Sent] != n {
			t.Errorf("in the end: %v", counts)
		}
	})
}

// Scenario 5: of two processes on one store one sends and the other says so;
// when the first is killed the second goes on, and nobody gets two mails.
func TestScenario5TwoInstances(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		const n = 400
		file := filepath.Join(t.TempDir(), "accepted")
		var taken atomic.Int64
		some := make(chan struct{})
		sink := testsmtp.Start(t, testsmtp.Options{File: file, Taken: func(testsmtp.Mail) error {
			if taken.Add(1) == n/4 {
				close(some)
			}
			return nil
		}})
		st := openStore(t, dsn, nil)
		id := mailing(t, st, sink, 4, n, nil)
		p := child(t, dsn)
		<-some
		courier := outbound.NewCourier(outbound.CourierOptions{})
		defer courier.Close()
		second := newService(st, courier, time.Now)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- second.Run(ctx) }()
		if why := waitProblem(t, second); !strings.Contains(why, "is sending") || !strings.Contains(why, fmt.Sprint(p.PID())) {
			t.Errorf("the second says: %q", why)
		}
		p.Kill()
		<-p.Done()
		counts := waitFor(t, st, id, onlyDoubts)
		stop()
		<-ended
		for a, k := range accepted(t, file) {
			if k != 1 {
				t.Errorf("%s got %d mails", a, k)
			}
		}
		if counts[crm.Sent]+counts[crm.Unknown] != n || counts[crm.Unknown] > 4 {
			t.Errorf("in the end: %v", counts)
		}
	})
}

func waitProblem(t *testing.T, s *outbound.Service) string {
	t.Helper()
	for range 3000 {
		if why := s.Status().Problem; why != "" {
			return why
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it says nothing")
	return ""
}

// clock is a clock that tests set forward.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Scenario 8: of a thousand recipients 7 do not exist and 13 are refused for
// now. The others get their mail once; the 7 are suppressed with the server's
// words; the 13 are tried again after growing times.
func TestScenario8OneBadApple(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accepted")
	var greylisting atomic.Bool
	greylisting.Store(true)
	which := map[string]int{}
	for i := range 1000 {
		which[string(recipient(i))] = i
	}
	sink := testsmtp.Start(t, testsmtp.Options{File: file, Refuse: func(to string) *smtp.SMTPError {
		switch i := which[to]; {
		case i%150 == 7: // 7, 157 ... 907
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user here"}
		case i < 13*20 && i%20 == 3 && greylisting.Load():
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "come back later"}
		}
		return nil
	}})
	c := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	st := openStore(t, "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")), c.Now)
	id := mailing(t, st, sink, 8, 1000, nil)
	counts := finish(t, st, id, c.Now, func(r crm.Recipients) bool {
		return r[crm.Sent]+r[crm.Failed]+r[crm.Deferred] == 1000
	})
	if counts[crm.Sent] != 980 || counts[crm.Failed] != 7 || counts[crm.Deferred] != 13 {
		t.Fatalf("%v", counts)
	}
	for a, d := range inState(t, st, id, crm.Failed) {
		s, stopped, err := st.IsSuppressed(t.Context(), a, crm.MailingAudience, "")
		if err != nil || !stopped || !strings.Contains(s.Evidence, "550 5.1.1 no such user here") || s.Dispatch != d.ID {
			t.Errorf("%s: %+v, %v", a, s, err)
		}
	}
	for a, d := range inState(t, st, id, crm.Deferred) {
		if wait := d.Due.Sub(c.Now()); wait < 4*time.Minute || wait > 7*time.Minute {
			t.Errorf("%s is tried again in %v", a, wait)
		}
		if _, stopped, err := st.IsSuppressed(t.Context(), a, crm.MailingAudience, ""); stopped || err != nil {
			t.Errorf("%s is suppressed, %v", a, err)
		}
	}
	c.add(8 * time.Minute)
	finish(t, st, id, c.Now, func(r crm.Recipients) bool { return deferredUntil(t, st, id) > 10*time.Minute })
	for a, d := range inState(t, st, id, crm.Deferred) {
		if wait := d.Due.Sub(c.Now()); d.Tries != 2 || wait < 14*time.Minute || wait > 19*time.Minute {
			t.Errorf("%s, tried %d times, is tried again in %v", a, d.Tries, wait)
		}
	}
	greylisting.Store(false)
	c.add(20 * time.Minute)
	counts = finish(t, st, id, c.Now, func(r crm.Recipients) bool { return r.Open() == 0 })
	if counts[crm.Sent] != 993 {
		t.Errorf("in the end: %v", counts)
	}
	for a, k := range accepted(t, file) {
		if k != 1 {
			t.Errorf("%s got %d mails", a, k)
		}
	}
	// What can be tried again is exactly what has failed.
	c.add(time.Minute)
	for a := range inState(t, st, id, crm.Failed) {
		if err := st.LiftSuppression(t.Context(), crm.SystemViewer, a, crm.SuppressedBounced, ""); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := st.RetryFailed(t.Context(), crm.SystemViewer, id); err != nil || again != 7 {
		t.Errorf("retry failed takes %d, %v", again, err)
	}
}

// deferredUntil gives how long after its last change the first deferred
// dispatch waits.
func deferredUntil(t *testing.T, st *store.Store, id crm.MailingID) time.Duration {
	least := time.Duration(0)
	for _, d := range inState(t, st, id, crm.Deferred) {
		if wait := d.Due.Sub(d.Changed); least == 0 || wait < least {
			least = wait
		}
	}
	return least
}

// Scenario 9: a provider wants less at a time. It slows down and recovers; the
// others keep their pace; nobody is suppressed.
func TestScenario9ProviderBackOff(t *testing.T) {
	var fussy, others atomic.Int64
	sink := testsmtp.Start(t, testsmtp.Options{Refuse: func(to string) *smtp.SMTPError {
		if !strings.HasSuffix(to, "@shop0.example") {
			others.Add(1)
			return nil
		}
		if fussy.Add(1) > 50 {
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "too many messages, slow down"}
		}
		return nil
	}})
	c := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	noon := c.at.Add(3 * time.Hour)
	st := openStore(t, "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")), c.Now)
	id := mailing(t, st, sink, 8, 2000, nil) // 100 of them at shop0.example
	counts := finish(t, st, id, c.Now, func(r crm.Recipients) bool { return others.Load() >= 1900 && r[crm.Sent] == 1950 })
	if counts[crm.Failed]+counts[crm.Suppressed] > 0 {
		t.Errorf("%v", counts)
	}
	refused := fussy.Load() - 50
	if refused > 30 {
		t.Errorf("the provider had to refuse %d times", refused)
	}
	fussy.Store(-1000) // patient again
	counts = finish(t, st, id, c.Now, func(r crm.Recipients) bool {
		c.add(30 * time.Second)
		return r.Open() == 0 || c.Now().After(noon)
	})
	if counts[crm.Sent] != 2000 {
		t.Errorf("at noon: %v", counts)
	}
	for a := range inState(t, st, id, crm.Sent) {
		if _, stopped, _ := st.IsSuppressed(t.Context(), a, crm.MailingAudience, ""); stopped {
			t.Errorf("%s is suppressed", a)
		}
	}
}

// Scenario 11: three recipients of a thousand complain. The mailing pauses with
// the numbers, nothing more is sent, and when a person lets it go on it is
// judged by what comes after.
func TestScenario11Guardrail(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accepted")
	sink := testsmtp.Start(t, testsmtp.Options{File: file})
	c := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	st := openStore(t, "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")), c.Now)
	id := mailing(t, st, sink, 8, 1000, nil)
	finish(t, st, id, c.Now, func(r crm.Recipients) bool { return r[crm.Sent] == 1000 })
	guard := outbound.Guard{Ledger: st}
	var complained int
	for _, d := range inState(t, st, id, crm.Sent) {
		c.add(time.Second)
		if _, err := st.AddDispatchEvent(t.Context(), crm.DispatchEvent{Dispatch: d.ID, Kind: crm.EventComplained, Mark: "x", At: c.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := guard.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		row, err := st.ReadMailing(t.Context(), crm.SystemViewer, id)
		if err != nil {
			t.Fatal(err)
		}
		complained++
		if paused := row.State == crm.MailingPaused; paused != (complained == 3) {
			t.Fatalf("after %d complaints it is %s", complained, row.State)
		}
		if complained == 3 {
			if !strings.Contains(row.Reason, "3 of 1000 recipients took it for spam (0.30 %; the limit is 0.10 %)") {
				t.Errorf("it says: %s", row.Reason)
			}
			break
		}
	}
	c.add(time.Minute)
	if err := st.ResumeMailing(t.Context(), crm.SystemViewer, id); err != nil {
		t.Fatal(err)
	}
	if err := guard.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if row, err := st.ReadMailing(t.Context(), crm.SystemViewer, id); err != nil || row.State != crm.MailingRunning {
		t.Errorf("a person let it go on, and it is %s, %v", row.State, err)
	}
}

// What a provider has asked for is known to the next process.
func TestPacesAreKept(t *testing.T) {
	var fussy atomic.Int64
	sink := testsmtp.Start(t, testsmtp.Options{Refuse: func(to string) *smtp.SMTPError {
		if strings.HasSuffix(to, "@shop0.example") && fussy.Add(1) > 10 {
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "slow down"}
		}
		return nil
	}})
	c := &clock{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	st := openStore(t, "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")), c.Now)
	id := mailing(t, st, sink, 4, 600, nil) // 30 of them at shop0.example
	finish(t, st, id, c.Now, func(r crm.Recipients) bool { return r[crm.Sent] == 580 })
	kept, err := st.Paces(t.Context())
	if err != nil || len(kept) != 1 || kept[0].Provider != "shop0.example" || !strings.Contains(string(kept[0].State), `"rate"`) {
		t.Fatalf("%+v, %v", kept, err)
	}
	refused := fussy.Load()
	c.add(6 * time.Minute) // what was deferred is due; the pace has hardly recovered
	finish(t, st, id, c.Now, func(r crm.Recipients) bool { return r[crm.Sent] == 580 && r[crm.Deferred]+r[crm.Queued] == 20 })
	if again := fussy.Load() - refused; again > 5 {
		t.Errorf("a new process asked %d times at once", again)
	}
}

// A sender that is switched off keeps its mail waiting: nobody fails for it.
func TestNoSenderWaits(t *testing.T) {
	sink := testsmtp.Start(t, testsmtp.Options{})
	st := openStore(t, "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")), nil)
	id := mailing(t, st, sink, 2, 3, nil)
	all, err := st.Senders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all[0].Disabled = true
	if err := st.UpdateSender(t.Context(), crm.SystemViewer, all[0]); err != nil {
		t.Fatal(err)
	}
	courier := outbound.NewCourier(outbound.CourierOptions{})
	defer courier.Close()
	service := newService(st, courier, time.Now)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	if why := waitProblem(t, service); !strings.Contains(why, "no sender that is switched on may send for firm.example; its mail waits until sink is switched on (kaveri sender set sink --on)") {
		t.Errorf("it says: %q", why)
	}
	stop()
	<-ended
	if counts, err := st.MailingCounts(t.Context(), crm.SystemViewer, id); err != nil || counts[crm.Queued] != 3 {
		t.Errorf("%v, %v", counts, err)
	}
}
