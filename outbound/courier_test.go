package outbound

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

func session(t *testing.T, c *Courier, sender crm.Sender) *Session {
	t.Helper()
	s, err := c.Session(t.Context(), sender)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Many share a few connections: never more than the sender allows, each mail
// once.
func TestShared(t *testing.T) {
	var taken sync.Map
	sink := testsmtp.Start(t, testsmtp.Options{Taken: func(m testsmtp.Mail) error {
		if _, twice := taken.LoadOrStore(m.To[0], true); twice {
			t.Errorf("%s twice", m.To[0])
		}
		return nil
	}})
	sender := sink.Sender()
	sender.Connections = 3
	c := NewCourier(CourierOptions{})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for k := range 10 {
				s, err := c.Session(t.Context(), sender)
				if err != nil {
					t.Error(err)
					return
				}
				if got := summary(s.letter(t.Context(), armed, fmt.Sprintf("u%d.%d@x.example", i, k))); got != "sent dot 250" {
					t.Error(got)
				}
				s.Release()
			}
		})
	}
	all.Wait()
	c.Close()
	if len(sink.Mails()) != 200 || sink.Connections() > 3 {
		t.Errorf("%d mails over %d connections", len(sink.Mails()), sink.Connections())
	}
	if _, err := c.Session(t.Context(), sender); !Stopped(err) {
		t.Errorf("a closed courier gives %v", err)
	}
}

// Who waits for a session is woken by one that comes back, or by the end of
// patience.
func TestWaiting(t *testing.T) {
	sink := testsmtp.Start(t, testsmtp.Options{})
	c := NewCourier(CourierOptions{})
	defer c.Close()
	first := session(t, c, sink.Sender())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Session(ctx, sink.Sender()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	second := make(chan *Session)
	go func() {
		s, err := c.Session(t.Context(), sink.Sender())
		if err != nil {
			t.Error(err)
		}
		second <- s
	}()
	first.Release()
	if s := <-second; s != first || sink.Connections() != 1 {
		t.Errorf("%d connections", sink.Connections())
	}
}

// A refused password is tried once, however many want a session, and at once
// again when it has changed.
func TestRefusedPasswordIsTriedOnce(t *testing.T) {
	sink := testsmtp.Start(t, testsmtp.Options{Username: "anna", Password: password})
	now := time.Now()
	var clock sync.Mutex
	c := NewCourier(CourierOptions{Now: func() time.Time { clock.Lock(); defer clock.Unlock(); return now }})
	wrong := sink.Sender()
	wrong.Password, wrong.Connections = "guessed", 30
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if _, err := c.Session(t.Context(), wrong); crm.KindOf(err) != crm.KindForbidden {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if sink.Connections() != 1 {
		t.Errorf("%d tries", sink.Connections())
	}
	clock.Lock()
	now = now.Add(6 * time.Minute)
	clock.Unlock()
	if _, err := c.Session(t.Context(), wrong); err == nil || sink.Connections() != 2 {
		t.Errorf("%d tries after a while", sink.Connections())
	}
	session(t, c, sink.Sender()).Release()
	c.Close()
}

// A server that is down is asked at growing intervals.
func TestRespite(t *testing.T) {
	var tried []time.Duration
	down := &OpenError{Stage: crm.StageConnect, Err: &crm.Error{Kind: crm.KindUnavailable}}
	for fails := range 11 {
		tried = append(tried, respite(fails, down))
	}
	s := time.Second
	if want := []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, 300 * s, 300 * s}; !slices.Equal(tried, want) {
		t.Error(tried)
	}
}

// Where a server takes no further connection, those that stand have to do; it
// is tried again after a while.
func TestServerLimitsConnections(t *testing.T) {
	server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
		if p.Connection == 2 {
			p.Say("421 4.7.0 too many connections")
			return
		}
		p.Greet("PIPELINING")
		for {
			p.Offered()
			p.Mail()
			p.Take("250 2.0.0 queued")
		}
	})
	sender := server.Sender()
	sender.Connections = 2
	c := NewCourier(CourierOptions{})
	s := session(t, c, sender)
	got := make(chan *Session)
	go func() {
		again, err := c.Session(t.Context(), sender)
		if err != nil {
			t.Error(err)
		}
		got <- again
	}()
	if r := summary(s.letter(t.Context(), armed, "a@x.example")); r != "sent dot 250" {
		t.Error(r)
	}
	s.Release()
	if again := <-got; again == nil || again != s && server.Connections() < 3 {
		t.Error("no session, or another than the one that stood")
	}
}

// A server that ends connections after so many mails is learned from the
// second time on: no mail runs into it any more.
func TestMailsAConnection(t *testing.T) {
	for _, how := range []string{"at MAIL", "behind the yes"} {
		server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
			p.Greet("PIPELINING")
			for taken := 0; ; {
				switch said := p.Hear(); {
				case said == "QUIT":
					p.Say(well["QUIT"])
					return
				case taken == 5:
					p.Say("421 4.7.0 enough")
					return
				case said == "DATA":
					p.Say(well["DATA"])
					p.Mail()
					taken++
					if taken == 5 && how == "behind the yes" {
						p.Take("250 2.0.0 queued\r\n421 4.7.0 enough")
						return
					}
					p.Take("250 2.0.0 queued")
				default:
					p.Say(well[said[:4]])
				}
			}
		})
		c := NewCourier(CourierOptions{})
		again := 0
		for range 20 {
			s := session(t, c, server.Sender())
			r := s.letter(t.Context(), armed, "a@x.example")
			s.Release()
			switch got := r.Outcomes[0].State; got {
			case crm.Ready:
				again++
			case crm.Sent:
			default:
				t.Errorf("%s: %+v", how, r)
			}
		}
		c.Close()
		if want := map[string]int{"at MAIL": 2, "behind the yes": 0}[how]; again != want || server.Yes() != 20-want {
			t.Errorf("%s: %d mails had to go again, %d were taken", how, again, server.Yes())
		}
	}
}

// An idle connection is asked before it is used again, closed when it has been
// idle for long, and not used when the server has said something meanwhile.
func TestIdle(t *testing.T) {
	now := time.Now()
	speak := make(chan string)
	server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
		p.Greet("PIPELINING")
		if p.Connection == 1 {
			p.Answer("NOOP", "250 fine", "QUIT", "221 bye")
			return
		}
		p.Say(<-speak)
		p.Hang()
	})
	c := NewCourier(CourierOptions{Now: func() time.Time { return now }})
	session(t, c, server.Sender()).Release()
	now = now.Add(20 * time.Second)
	session(t, c, server.Sender()).Release()
	now = now.Add(40 * time.Second)
	session(t, c, server.Sender()).Release() // NOOP
	now = now.Add(59 * time.Second)
	c.Tend()
	if server.Connections() != 1 {
		t.Fatalf("%d connections", server.Connections())
	}
	now = now.Add(2 * time.Second)
	c.Tend() // QUIT

	s := session(t, c, server.Sender())
	s.Release()
	speak <- "250 2.0.0 nobody asked"
	s.untilHeard()
	another := session(t, c, server.Sender())
	if another == s || server.Connections() != 3 {
		t.Errorf("%d connections", server.Connections())
	}
	close(speak)
	another.Close()
	another.Release()
	c.Close()
	server.Stop()
	if got := server.Heard(); !slices.Contains(got, "NOOP") || !slices.Contains(got, "QUIT") {
		t.Errorf("the server heard %q", got)
	}
}

// New settings of a sender begin anew; sessions under the old ones end when
// they are given back.
func TestSettingsChange(t *testing.T) {
	first, second := testsmtp.Start(t, testsmtp.Options{}), testsmtp.Start(t, testsmtp.Options{})
	c := NewCourier(CourierOptions{})
	old := session(t, c, first.Sender())
	s := session(t, c, second.Sender())
	if got := summary(s.letter(t.Context(), armed, "a@x.example")); got != "sent dot 250" || len(second.Mails()) != 1 {
		t.Error(got)
	}
	if !old.Over() || s.Over() {
		t.Error("the old session goes on, or the new one ends")
	}
	old.Release()
	s.Release()
	c.Close()
}
