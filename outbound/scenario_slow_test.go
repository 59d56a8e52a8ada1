package outbound_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
	"kaveri/outbound"
	"kaveri/store"
)

// slowly is a server that answers the dot by and by.
func slowly(answer func(*testsmtp.Peer)) func(*testsmtp.Peer) {
	return func(p *testsmtp.Peer) {
		p.Greet("PIPELINING")
		p.Offered()
		p.Mail()
		answer(p)
		p.Answer("QUIT", "221 2.0.0 bye")
	}
}

func after(d time.Duration, reply string) func(*testsmtp.Peer) {
	return func(p *testsmtp.Peer) {
		time.Sleep(d)
		p.Take(reply)
	}
}

// Scenario 3: the server says yes four minutes after the dot. The mail is sent,
// once; the client waits ten minutes (RFC 5321 §4.5.3.2.6) and no longer, and
// what is not answered then is in doubt. The timeouts are the real ones, on a
// clock that does not make anybody wait.
func TestScenario3Slow250(t *testing.T) {
	for name, c := range map[string]struct {
		answer   func(*testsmtp.Peer)
		state    crm.DispatchState
		min, max time.Duration // that the attempt took
		said     string
	}{
		"after 4 minutes":      {after(4*time.Minute, "250 2.0.0 queued"), crm.Sent, 4 * time.Minute, 4 * time.Minute, "250 2.0.0 queued"},
		"after 9:59":           {after(10*time.Minute-time.Second, "250 2.0.0 queued"), crm.Sent, 9 * time.Minute, 10 * time.Minute, "250 2.0.0 queued"},
		"no after 4 minutes":   {after(4*time.Minute, "554 5.6.0 not this one"), crm.Failed, 4 * time.Minute, 4 * time.Minute, "554 5.6.0 not this one"},
		"after 10:01":          {after(10*time.Minute+time.Second, "250 2.0.0 queued"), crm.Unknown, 10 * time.Minute, 10 * time.Minute, "did not say whether it took the mail"},
		"never":                {func(p *testsmtp.Peer) { p.Hang() }, crm.Unknown, 10 * time.Minute, 10 * time.Minute, "did not say whether it took the mail"},
		"a line every minute":  {drip(time.Minute, 4), crm.Sent, 4 * time.Minute, 4 * time.Minute, "250 queued"},
		"lines without an end": {drip(time.Minute, 60), crm.Unknown, 10 * time.Minute, 10 * time.Minute, "did not say whether it took the mail"},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db"))
			synctest.Test(t, func(t *testing.T) {
				server := testsmtp.Pipe(t, slowly(c.answer))
				st := openStore(t, dsn, nil)
				id, d, a := sendsOne(t, st, server, outbound.CourierOptions{Dial: server.Dial})
				if d.State != c.state || a.State != c.state || a.Took < c.min || a.Took > c.max+time.Second {
					t.Errorf("%s after %v, want %s", d.State, a.Took, c.state)
				}
				if a.Server != "script.example" || !strings.Contains(a.Reply.String()+a.Reason, c.said) {
					t.Errorf("%s says %q (%s)", a.Server, a.Reply, a.Reason)
				}
				if got := len(server.Mails()); got != 1 {
					t.Errorf("it was sent %d times", got)
				}
				row, err := st.ReadMailing(t.Context(), crm.SystemViewer, id)
				if err != nil || row.Finished() != (c.state != crm.Unknown) {
					t.Errorf("finished is %v, %v", row.Finished(), err)
				}
			})
		})
	}
}

// The same on both databases and over TCP; in the soak with the four minutes.
func TestScenario3OverTCP(t *testing.T) {
	pause := time.Duration(0)
	if soak {
		pause = 4 * time.Minute
	}
	engines(t, func(t *testing.T, dsn string) {
		server := testsmtp.Serve(t, slowly(after(pause, "250 2.0.0 queued")))
		st := openStore(t, dsn, nil)
		id := mailingBy(t, st, server.Sender(), 1, 1, nil)
		courier := outbound.NewCourier(outbound.CourierOptions{})
		defer courier.Close()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- newService(st, courier, time.Now).Run(ctx) }()
		defer func() { stop(); <-ended }()
		for {
			counts, err := st.MailingCounts(t.Context(), crm.SystemViewer, id)
			if err != nil {
				t.Fatal(err)
			}
			if counts.Open() == 0 {
				if counts[crm.Sent] != 1 || len(server.Mails()) != 1 || server.Yes() != 1 {
					t.Errorf("%v, %d mails came", counts, len(server.Mails()))
				}
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

// drip answers yes by a line at a time, the last of n.
func drip(each time.Duration, n int) func(*testsmtp.Peer) {
	return func(p *testsmtp.Peer) {
		for range n - 1 {
			time.Sleep(each)
			p.Say("250-queued")
		}
		time.Sleep(each)
		p.Take("250 queued")
	}
}

// sendsOne sends one mail by the server, and goes on for twenty minutes, in
// which it must not be sent again. It gives what came of it.
func sendsOne(t *testing.T, st *store.Store, server *testsmtp.Server, o outbound.CourierOptions) (crm.MailingID, crm.Dispatch, crm.Attempt) {
	t.Helper()
	id := mailingBy(t, st, server.Sender(), 1, 1, nil)
	courier := outbound.NewCourier(o)
	service := serviceWith(st, courier, outbound.Options{Now: time.Now})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	time.Sleep(20 * time.Minute)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	courier.Close()
	list, _, err := st.Dispatches(t.Context(), crm.SystemViewer, id, "", crm.PageKey{}, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	tries, err := st.Attempts(t.Context(), crm.SystemViewer, list[0].ID)
	if err != nil || len(tries) != 1 {
		t.Fatalf("%d attempts, %v", len(tries), err)
	}
	return id, list[0], tries[0]
}
