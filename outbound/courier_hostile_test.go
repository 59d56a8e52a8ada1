package outbound

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

const letter = "From: Anna <anna@firm.example>\r\nTo: Dora <dora@customer.example>\r\nSubject: Hello\r\nMessage-ID: <1@firm.example>\r\n\r\nHello Dora\r\n"

// replies of the well-behaved server, by command; "." is the end of a mail.
var well = map[string]string{"MAIL": "250 2.1.0 fine", "RCPT": "250 2.1.5 fine", "DATA": "354 go on", "RSET": "250 2.0.0 fine", "NOOP": "250 2.0.0 fine", "QUIT": "221 2.0.0 bye"}

// except plays a well-behaved server that says something else to one command:
// a reply, or nothing, or the end. It refuses what follows a refusal.
func except(verb string, instead func(*testsmtp.Peer)) func(*testsmtp.Peer) {
	return func(p *testsmtp.Peer) {
		recipients := 0
		for {
			line := p.Hear()
			said := line[:min(4, len(line))]
			switch {
			case said == verb:
				instead(p)
			case said == "DATA" && recipients == 0:
				p.Say("503 5.5.1 no recipients")
			case said == "DATA":
				p.Say(well[said])
				p.Mail()
				if verb == "." {
					instead(p)
				} else {
					p.Take("250 2.0.0 queued as 4711")
				}
				recipients = 0
			case said == "RCPT" && verb == "MAIL":
				p.Say("503 5.5.1 no sender")
			default:
				if said == "RCPT" {
					recipients++
				}
				p.Say(well[said])
			}
			if said == "QUIT" {
				return
			}
		}
	}
}

func say(lines ...string) func(*testsmtp.Peer) {
	return func(p *testsmtp.Peer) { p.Say(lines...) }
}

func hang(p *testsmtp.Peer) { p.Hang() }

func reset(p *testsmtp.Peer) { p.Reset() }

// leave closes in an orderly way, as a server does that stops.
func leave(p *testsmtp.Peer) { p.Leave() }

// impatient does not wait for what never comes.
var impatient = Patience{Command: 500 * time.Millisecond, Data: 100 * time.Millisecond, Dot: 100 * time.Millisecond}

// scene is a transaction with a server that misbehaves, and what must be
// believed of it: "state stage code" for each recipient.
type scene struct {
	script   func(*testsmtp.Peer) // after EHLO
	patience Patience
	to       []string // one, if none
	want     string   // joined by " | "
	armed    bool
	mails    int  // that came to the server with their dot
	yes      int  // of them, answered by 2xx
	dead     bool // the session, after it
}

// Whatever a server does, what is believed is true: sent means that it said
// yes, deferred and failed that it did not, and only a dot without a clear
// answer is in doubt.
func TestHostileServers(t *testing.T) {
	flood := strings.TrimSuffix(strings.Repeat("250-more\r\n", 5000), "\r\n")
	endless := strings.Repeat("250 and on", 2000)
	scenes := map[string]scene{
		"silent at MAIL":        {except("MAIL", hang), impatient, nil, "deferred mail 0", false, 0, 0, true},
		"silent at RCPT":        {except("RCPT", hang), impatient, nil, "deferred rcpt 0", false, 0, 0, true},
		"silent at DATA":        {except("DATA", hang), impatient, nil, "deferred data 0", false, 0, 0, true},
		"silent after the dot":  {except(".", hang), impatient, nil, "unknown dot 0", true, 1, 0, true},
		"reset at MAIL":         {except("MAIL", reset), Patience{}, nil, "deferred mail 0", false, 0, 0, true},
		"reset at RCPT":         {except("RCPT", reset), Patience{}, nil, "deferred rcpt 0", false, 0, 0, true},
		"reset at DATA":         {except("DATA", reset), Patience{}, nil, "deferred data 0", false, 0, 0, true},
		"reset after the dot":   {except(".", reset), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"leaves at MAIL":        {except("MAIL", leave), Patience{}, nil, "deferred mail 0", false, 0, 0, true},
		"leaves at RCPT":        {except("RCPT", leave), Patience{}, nil, "deferred rcpt 0", false, 0, 0, true},
		"leaves at DATA":        {except("DATA", leave), Patience{}, nil, "deferred data 0", false, 0, 0, true},
		"leaves after the dot":  {except(".", leave), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"half a yes to the dot": {except(".", func(p *testsmtp.Peer) { p.Raw("250 2.0.0 que"); p.Leave() }), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"half a reply of lines": {except(".", func(p *testsmtp.Peer) { p.Raw("250-2.0.0 queued\r\n"); p.Leave() }), Patience{}, nil, "unknown dot 0", true, 1, 0, true},

		"a flood of lines at MAIL":       {except("MAIL", say(flood)), Patience{}, nil, "deferred mail 0", false, 0, 0, true},
		"a flood of lines after the dot": {except(".", say(flood)), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"an endless line at RCPT":        {except("RCPT", say(endless)), Patience{}, nil, "deferred rcpt 0", false, 0, 0, true},
		"an endless line after the dot":  {except(".", say(endless)), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"garbage at MAIL":                {except("MAIL", say("\x00\x01\xff")), Patience{}, nil, "deferred mail 0", false, 0, 0, true},
		"garbage after the dot":          {except(".", say("HTTP/1.1 200 OK")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"a code of no class":             {except(".", say("150 nearly")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"two codes in one reply":         {except(".", say("250-queued", "554 not")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"go on after the dot":            {except(".", say("354 go on")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},

		"yes instead of go on":             {except("DATA", say("250 2.0.0 queued")), Patience{}, nil, "deferred data 0", false, 0, 0, true},
		"go on instead of yes to MAIL":     {except("MAIL", say("354 go on")), Patience{}, nil, "deferred mail 0", false, 0, 0, true},
		"go on instead of yes to RCPT":     {except("RCPT", say("354 go on")), Patience{}, nil, "deferred rcpt 0", false, 0, 0, true},
		"the yes to the dot comes early":   {except("DATA", say("354 go on", "250 2.0.0 queued")), Patience{}, nil, "deferred body 0", false, 0, 0, true},
		"two yeses to the dot":             {except(".", say("250 2.0.0 queued", "250 2.0.0 queued")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"yes and no to the dot":            {except(".", say("250 2.0.0 queued", "554 5.0.0 not")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"no and yes to the dot":            {except(".", say("554 5.0.0 not", "250 2.0.0 queued")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"closing and yes to the dot":       {except(".", say("421 4.3.2 going down", "250 2.0.0 queued")), Patience{}, nil, "unknown dot 0", true, 1, 0, true},
		"an answer too many at MAIL":       {except("MAIL", say("250 2.1.0 fine", "250 2.1.0 fine")), Patience{}, nil, "deferred data 503", false, 0, 0, true},
		"refused while the mail is coming": {except("DATA", say("354 go on", "552 5.3.4 too big for us")), Patience{}, nil, "failed body 552", false, 0, 0, true},
		"closing while the mail is coming": {except("DATA", say("354 go on", "421 4.3.2 going down")), Patience{}, nil, "deferred body 421", false, 0, 0, true},
		"closing behind the yes": {except(".", func(p *testsmtp.Peer) { p.Take("250 2.0.0 queued\r\n421 4.3.2 enough") }), Patience{},
			nil, "sent dot 250", true, 1, 1, true},

		"out of sequence for us alone": {except("DATA", say("503 5.5.1 RCPT first")), Patience{}, nil, "deferred data 503", false, 0, 0, true},
		"nothing is wrong": {except(".", func(p *testsmtp.Peer) { p.Take("250 2.0.0 queued") }), Patience{},
			[]string{"a@x.example", "b@x.example", "c@x.example"}, "sent dot 250 | sent dot 250 | sent dot 250", true, 1, 1, false},
		"a login is asked for at MAIL": {except("MAIL", say("530 5.7.0 authentication required")), Patience{}, nil, "deferred auth 530", false, 0, 0, false},
	}
	for verb, stage := range map[string]crm.Stage{"MAIL": crm.StageMail, "RCPT": crm.StageRcpt, "DATA": crm.StageData, ".": crm.StageDot} {
		dot := 0
		if verb == "." {
			dot = 1
		}
		for reply, state := range map[string]crm.DispatchState{"451 4.3.0 later": crm.Deferred, "550 5.7.1 not you": crm.Failed, "421 4.3.2 going down": crm.Deferred} {
			scenes[verb+" "+reply] = scene{script: except(verb, say(reply)), want: fmt.Sprintf("%s %s %s", state, stage, reply[:3]), armed: dot == 1, mails: dot, dead: reply[:3] == "421"}
		}
	}
	for name, sc := range scenes {
		for _, extensions := range [][]string{{"PIPELINING"}, nil} {
			t.Run(fmt.Sprintf("%s %v", name, extensions), func(t *testing.T) {
				sc := sc
				if name == "an answer too many at MAIL" && extensions == nil {
					sc.want = "deferred rcpt 0" // seen before RCPT is said
				}
				sc.play(t, extensions)
			})
		}
	}
}

func (sc *scene) play(t *testing.T, extensions []string) {
	t.Parallel()
	server := testsmtp.Serve(t, func(p *testsmtp.Peer) { p.Greet(extensions...); sc.script(p) })
	c := NewCourier(CourierOptions{Name: "us.example", Patience: sc.patience})
	s, err := c.Session(t.Context(), server.Sender())
	if err != nil {
		t.Fatal(err)
	}
	to := sc.to
	if to == nil {
		to = []string{"dora@customer.example"}
	}
	r := s.Send(t.Context(), Envelope{From: "anna@firm.example", To: to}, []byte(letter), func([]int) error { return nil })
	if s.dead != sc.dead {
		t.Errorf("the session is dead: %v, want %v", s.dead, sc.dead)
	}
	s.Release()
	c.Close()
	server.Stop()
	if got := summary(r); got != sc.want {
		t.Errorf("believed %q, want %q: %+v", got, sc.want, r)
	}
	if r.Armed != sc.armed {
		t.Errorf("armed %v, want %v", r.Armed, sc.armed)
	}
	if got := len(server.Mails()); got != sc.mails {
		t.Errorf("%d mails came, want %d", got, sc.mails)
	}
	if server.Yes() != sc.yes {
		t.Errorf("%d mails were taken, want %d", server.Yes(), sc.yes)
	}
	truthful(t, r, server)
}

// truthful checks what is believed against what happened, for one mail.
func truthful(t *testing.T, r Result, server *testsmtp.Server) {
	t.Helper()
	for _, o := range r.Outcomes {
		switch {
		case o.State == crm.Sent && server.Yes() == 0:
			t.Error("believed sent, and the server never said yes")
		case o.State == crm.Ready && len(server.Mails()) > 0:
			t.Error("believed unsent, and the dot has left")
		case (o.State == crm.Deferred || o.State == crm.Failed) && server.Yes() > 0 && len(r.Outcomes) == 1:
			t.Error("believed refused, and the server said yes")
		case o.State == "":
			t.Error("a recipient without an outcome")
		case (o.State == crm.Deferred || o.State == crm.Failed) && o.Refusal.State != o.State:
			t.Errorf("state %s, judged %s", o.State, o.Refusal.State)
		case o.Reply.Code == 0 && o.Reason == "":
			t.Error("neither a reply nor a reason")
		}
	}
}

func summary(r Result) string {
	var all []string
	for _, o := range r.Outcomes {
		all = append(all, fmt.Sprintf("%s %s %d", o.State, o.Stage, o.Reply.Code))
	}
	return strings.Join(all, " | ")
}

// begin opens a session with a scripted server for tests that do more with it.
func begin(t *testing.T, o CourierOptions, script func(*testsmtp.Peer)) (*Session, *testsmtp.Server) {
	t.Helper()
	server := testsmtp.Serve(t, script)
	o.Name = "us.example"
	c := NewCourier(o)
	s, err := c.Session(t.Context(), server.Sender())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, server
}

func (s *Session) letter(ctx context.Context, arm func([]int) error, to ...string) Result {
	return s.Send(ctx, Envelope{From: "anna@firm.example", To: to}, []byte(letter), arm)
}

func armed([]int) error { return nil }

// ends closes the session and waits until the server has seen the end.
func ends(s *Session, server *testsmtp.Server) {
	s.Close()
	server.Stop()
}

// One recipient refused, two taken: arm is told who, and each has their own
// end. The order of RCPT is that of the envelope.
func TestPartlyRefused(t *testing.T) {
	for _, extensions := range [][]string{{"PIPELINING"}, nil} {
		s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
			p.Greet(extensions...)
			p.Answer("MAIL FROM:<anna@firm.example>", "250 fine", "RCPT TO:<a@x.example>", "250 fine", "RCPT TO:<b@x.example>", "550 5.1.1 no such user",
				"RCPT TO:<c@x.example>", "250 fine", "DATA", "354 go on")
			p.Mail()
			p.Take("250 2.0.0 queued")
			p.Hang()
		})
		var accepted []int
		r := s.letter(t.Context(), func(who []int) error { accepted = append(accepted, who...); return nil }, "a@x.example", "b@x.example", "c@x.example")
		ends(s, server)
		if got := summary(r); got != "sent dot 250 | failed rcpt 550 | sent dot 250" || fmt.Sprint(accepted) != "[0 2]" {
			t.Errorf("%s, armed for %v", got, accepted)
		}
		if v := r.Outcomes[1].Refusal; !v.Suppress || v.Reason != crm.BounceUserUnknown || r.Outcomes[1].Reply.Enhanced != "5.1.1" {
			t.Errorf("judged %+v", r.Outcomes[1])
		}
		truthful(t, r, server)
	}
}

// A server may say 354 although it refused every RCPT (RFC 2920 §3.1). An empty
// dot ends that; it counts as nothing, whatever is answered, and the connection
// goes on.
func TestNobodyAcceptedButGoOn(t *testing.T) {
	for _, answer := range []string{"554 5.5.1 no valid recipients", "250 2.0.0 queued"} {
		s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
			p.Greet("PIPELINING")
			p.Answer("MAIL", "250 fine", "RCPT", "450 4.2.1 later", "DATA", "354 go on")
			if got := p.Mail(); got != "" {
				t.Errorf("a mail for nobody: %q", got)
			}
			p.Say(answer)
			p.Answer("RSET", "250 fine")
			p.Offered()
			p.Mail()
			p.Take("250 2.0.0 queued")
			p.Hang()
		})
		never := func([]int) error { t.Error("armed for nobody"); return nil }
		if got := summary(s.letter(t.Context(), never, "a@x.example")); got != "deferred rcpt 450" {
			t.Error(got)
		}
		if got := summary(s.letter(t.Context(), armed, "b@x.example")); got != "sent dot 250" {
			t.Error(got)
		}
		ends(s, server)
	}
}

// MAIL refused, RCPT accepted, 354: no dot of any kind for such a server.
func TestMailRefusedButGoOn(t *testing.T) {
	s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
		p.Greet("PIPELINING")
		p.Answer("MAIL", "550 5.7.1 not you", "RCPT", "250 fine", "DATA", "354 go on")
		p.Mail()
	})
	r := s.letter(t.Context(), armed, "a@x.example")
	ends(s, server)
	if got := summary(r); got != "failed mail 550" || len(server.Mails()) != 0 || !s.dead {
		t.Errorf("%s, %d mails", got, len(server.Mails()))
	}
}

// What happens between arm and the dot keeps the dot back: the mail is
// certainly unsent although it was armed. Under TLS too, where what has come is
// found only by decrypting it.
func TestBetweenArmAndDot(t *testing.T) {
	authority := testsmtp.NewAuthority(t)
	for _, secure := range []bool{false, true} {
		for name, c := range map[string]struct {
			words string // of the server, "" to close
			err   error  // of arm
			want  string
		}{
			"arm refuses":           {"", errors.New("suppressed meanwhile"), "ready body 0"},
			"the server closes":     {"", nil, "deferred body 0"},
			"the server is closing": {"421 4.3.2 bye", nil, "deferred body 421"},
			"the server refuses":    {"554 5.6.0 no", nil, "failed body 554"},
			"an early yes":          {"250 2.0.0 queued", nil, "deferred body 0"},
		} {
			t.Run(fmt.Sprintf("%s %v", name, secure), func(t *testing.T) {
				speak := make(chan string, 1)
				server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
					if secure {
						p.Secure(authority.Server("127.0.0.1"))
					}
					p.Greet("PIPELINING")
					p.Offered()
					if words := <-speak; words != "" {
						p.Say(words)
						p.Mail()
					}
				})
				sender := server.Sender()
				if secure {
					sender.Security = crm.SecurityTLS
				}
				s, err := NewCourier(CourierOptions{Roots: authority.Roots()}).Session(t.Context(), sender)
				if err != nil {
					t.Fatal(err)
				}
				r := s.letter(t.Context(), func([]int) error {
					speak <- c.words
					if c.err == nil {
						s.untilHeard()
					}
					return c.err
				}, "a@x.example")
				ends(s, server)
				if got := summary(r); got != c.want || r.Armed != (c.err == nil) {
					t.Errorf("%s, armed %v; want %s", got, r.Armed, c.want)
				}
				truthful(t, r, server)
			})
		}
	}
}

// untilHeard waits until what the server has said or done has arrived here.
func (s *Session) untilHeard() {
	for s.silent() {
		runtime.Gosched()
	}
}

// The dot leaves within five seconds of arming or not at all, by either clock:
// the monotonic one stands still while a machine sleeps.
func TestDotInTime(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		wall  bool // without a monotonic reading
		want  string
	}{
		"at once":               {0, false, "sent dot 250"},
		"just in time":          {4900 * time.Millisecond, false, "sent dot 250"},
		"too late":              {5 * time.Second, false, "ready body 0"},
		"the machine slept":     {time.Hour, true, "ready body 0"},
		"the clock is set back": {-time.Hour, true, "sent dot 250"},
	} {
		t.Run(name, func(t *testing.T) {
			start, calls := time.Now(), 0
			now := func() time.Time { // the second call after arming is late
				calls++
				if calls < 2 {
					return start
				}
				if c.wall {
					return start.Round(0).Add(c.after)
				}
				return start.Add(c.after)
			}
			s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
				p.Greet()
				p.Offered()
				p.Mail()
				p.Take("250 2.0.0 queued")
			})
			s.o.Now = now
			r := s.letter(t.Context(), armed, "a@x.example")
			ends(s, server)
			if got := summary(r); got != c.want || !r.Armed {
				t.Errorf("%s, armed %v; want %s", got, r.Armed, c.want)
			}
			truthful(t, r, server)
		})
	}
}

// Stopping makes no mail doubtful: before the dot it comes back, after the dot
// the answer is awaited.
func TestStopping(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
		p.Greet()
		p.Expect("MAIL")
		cancel()
		p.Hang()
	})
	r := s.letter(ctx, armed, "a@x.example")
	ends(s, server)
	if got := summary(r); !strings.HasPrefix(got, "ready ") || r.Armed {
		t.Errorf("stopped at MAIL: %s", got)
	}

	ctx, cancel = context.WithCancel(t.Context())
	s, server = begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
		p.Greet()
		p.Offered()
		p.Mail()
		cancel()
		p.Take("250 2.0.0 queued")
	})
	r = s.letter(ctx, armed, "a@x.example")
	ends(s, server)
	if got := summary(r); got != "sent dot 250" {
		t.Errorf("stopped after the dot: %s", got)
	}

	if got := summary(s.letter(ctx, armed, "a@x.example")); got != "ready connect 0" {
		t.Errorf("stopped before: %s", got)
	}
}

// Closing a session from outside while it waits for the answer to the dot is
// the one way in which we make a mail doubtful ourselves; it is said so.
func TestClosedAfterTheDot(t *testing.T) {
	came := make(chan struct{})
	s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
		p.Greet()
		p.Offered()
		p.Mail()
		close(came)
		p.Hang()
	})
	go func() {
		<-came
		s.Close()
	}()
	r := s.letter(t.Context(), armed, "a@x.example")
	ends(s, server)
	if got := summary(r); got != "unknown dot 0" {
		t.Error(got)
	}
}
