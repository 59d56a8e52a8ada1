package outbound

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

// oddities are answers to a command that has one good one, and what they make
// of a connection that was used before: its mail goes over another one, and no
// try counts, except where the server took our time.
var oddities = map[string]struct {
	instead func(*testsmtp.Peer)
	want    string
}{
	"451":            {say("451 4.3.0 later"), "ready mail 0"},
	"421":            {say("421 4.3.2 going down"), "ready mail 0"},
	"500":            {say("500 5.5.2 what"), "ready mail 0"},
	"502":            {say("502 5.5.1 not implemented"), "ready mail 0"},
	"354":            {say("354 go on"), "ready mail 0"},
	"garbage":        {say("\x00\x01\xff"), "ready mail 0"},
	"a line":         {say(strings.Repeat("250 and on", 2000)), "ready mail 0"},
	"silence":        {hang, "deferred mail 0"},
	"a reset":        {reset, "ready mail 0"},
	"an end":         {leave, "ready mail 0"},
	"half an answer": {func(p *testsmtp.Peer) { p.Raw("25"); p.Leave() }, "ready mail 0"},
}

// RSET, which parts a refused mail from the next one, may be answered by
// anything: the next mail is not offered on top of what is left of the last.
func TestHostileReset(t *testing.T) {
	for name, c := range oddities {
		for _, extensions := range [][]string{{"PIPELINING"}, nil} {
			t.Run(fmt.Sprintf("%s %v", name, extensions), func(t *testing.T) {
				t.Parallel()
				s, server := begin(t, CourierOptions{Patience: impatient}, func(p *testsmtp.Peer) {
					p.Greet(extensions...)
					p.Answer("MAIL", "250 fine", "RCPT", "550 5.1.1 no such user")
					if extensions != nil {
						p.Answer("DATA", "503 5.5.1 no recipients")
					}
					p.Expect("RSET")
					c.instead(p)
					p.Hang()
				})
				if got := summary(s.letter(t.Context(), armed, "a@x.example")); got != "failed rcpt 550" {
					t.Fatal(got)
				}
				r := s.letter(t.Context(), func([]int) error { t.Error("armed"); return nil }, "b@x.example")
				ends(s, server)
				if got := summary(r); got != c.want || !s.dead || len(server.Mails()) > 0 {
					t.Errorf("%s, dead %v, %d mails; want %s", got, s.dead, len(server.Mails()), c.want)
				}
			})
		}
	}
}

// NOOP, by which a connection is tried that was idle for long: whatever else
// than yes is said, the mail goes once, over another one.
func TestHostileNoop(t *testing.T) {
	for name, c := range oddities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
				p.Greet()
				if p.Connection == 1 {
					p.Expect("NOOP")
					c.instead(p)
					p.Hang()
				}
				p.Offered()
				p.Mail()
				p.Take("250 2.0.0 queued")
				p.Hang()
			})
			at := time.Now()
			courier := NewCourier(CourierOptions{Name: "us.example", Patience: impatient, Now: func() time.Time { return at }})
			s, err := courier.Session(t.Context(), server.Sender())
			if err != nil {
				t.Fatal(err)
			}
			s.Release()
			at = at.Add(50 * time.Second)
			if s, err = courier.Session(t.Context(), server.Sender()); err != nil {
				t.Fatal(err)
			}
			r := s.letter(t.Context(), armed, "a@x.example")
			s.Close()
			if got := summary(r); got != "sent dot 250" || len(server.Mails()) != 1 || server.Connections() != 2 {
				t.Errorf("%s, %d mails over %d connections", got, len(server.Mails()), server.Connections())
			}
		})
	}
}

// QUIT may be answered by anything, too: what was taken was taken.
func TestHostileQuit(t *testing.T) {
	for name, c := range oddities {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := begin(t, CourierOptions{Patience: impatient}, func(p *testsmtp.Peer) {
				p.Greet()
				p.Offered()
				p.Mail()
				p.Take("250 2.0.0 queued")
				p.Expect("QUIT")
				c.instead(p)
				p.Hang()
			})
			r := s.letter(t.Context(), armed, "a@x.example")
			s.quit()
			server.Stop()
			if got := summary(r); got != "sent dot 250" || r.Outcomes[0].State != crm.Sent || !s.dead {
				t.Errorf("%s, dead %v", got, s.dead)
			}
		})
	}
}
