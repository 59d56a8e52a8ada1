package outbound

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

// What could be read as two mails, or breaks a limit, never leaves: the server
// hears nothing, and the connection stays good. The rows are the ways in which
// servers differ about where a mail ends.
func TestNothingUnfitLeaves(t *testing.T) {
	after := "MAIL FROM:<evil@x.example>\r\nRCPT TO:<victim@y.example>\r\nDATA\r\nFrom: boss@x.example\r\n\r\nhi\r\n"
	rows := map[string]string{
		"empty": "", "NUL": "a\x00b\r\n", "999 bytes in a line": strings.Repeat("x", 999) + "\r\n", "999 at the end": "a: b\r\n\r\n" + strings.Repeat("x", 999),
		"LF first": "\nb\r\n", "CR last": "a\r\nb\r",
	}
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r\n\x00.\r\n", "\r.\n", "\n.\r", "\r\r\n.\r\r\n", "\n\n.\r\n"} {
		rows[fmt.Sprintf("end as %q", end)] = "Subject: x\r\n\r\nhello" + end + after
	}
	s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
		p.Greet("PIPELINING")
		p.Offered()
		p.Mail()
		p.Take("250 2.0.0 queued")
	})
	for name, mail := range rows {
		r := s.Send(t.Context(), Envelope{From: "a@x.example", To: []string{"b@y.example"}}, []byte(mail), func([]int) error { t.Error("armed"); return nil })
		if got := summary(r); got != "failed render 0" || r.Outcomes[0].Reason == "" || r.Outcomes[0].Refusal.Suppress {
			t.Errorf("%s: %s %s", name, got, r.Outcomes[0].Reason)
		}
	}
	if got := summary(s.letter(t.Context(), armed, "b@y.example")); got != "sent dot 250" {
		t.Errorf("a good mail afterwards: %s", got)
	}
	ends(s, server)
	if got := server.Heard(); len(got) != 4 || len(server.Mails()) != 1 {
		t.Errorf("the server heard %q", got)
	}
}

// An address that could be read as more than an address never leaves either;
// the other recipients get their mail.
func TestAddresses(t *testing.T) {
	for _, bad := range []string{"", "a", "@x.example", "a@", "a b@x.example", "a@x.example> SIZE=1", "a>@x.example", "<a@x.example>", "a@x.example\r\nDATA", "a\r@x.example",
		"a\n@x.example", "a\x00@x.example", "a@x y.example", "a@-\x01.example", "a@x..example", "a@.example", "a@x.example.", "a@@x.example", "a,b@x.example", "a;b@x.example",
		`"a b"@x.example`, `"a>b"@x.example`, `"a\"@x.example`, "a@[1.2.3.4] ORCPT=x", "a@x_y>.example", "ä\u0085@x.example", "ä\u00a0b@x.example", "\xff@x.example",
		strings.Repeat("a", 250) + "@x.example", "a@" + strings.Repeat("x", 64) + ".example"} {
		if got, _, err := path(bad); err == nil {
			t.Errorf("%q is taken as %q", bad, got)
		}
	}
	for good, want := range map[string]string{"a@x.example": "", "A.b+c_d=e-f@X.example": "", `"a@b"@x.example`: "", "o'brien@x.example": "", "a@[192.0.2.1]": "", "a@[IPv6:2001:db8::1]": "",
		"a@a_b.example": "", "a@bücher.example": "a@xn--bcher-kva.example", "jürgen@x.example": "", "a!b%c@x.example": "", "a@localhost": ""} {
		if want == "" {
			want = good
		}
		if got, wide, err := path(good); got != want || err != nil || wide != strings.Contains(good, "jü") {
			t.Errorf("%q gives %q, %v, %v", good, got, wide, err)
		}
	}
	s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
		p.Greet("PIPELINING")
		p.Answer("MAIL FROM:<anna@firm.example>", "250 fine", "RCPT TO:<b@y.example>", "250 fine", "DATA", "354 go on")
		p.Mail()
		p.Take("250 2.0.0 queued")
	})
	if got := summary(s.letter(t.Context(), armed, "a@x.example> NOTIFY=NEVER")); got != "failed render 0" {
		t.Error(got)
	}
	if got := summary(s.letter(t.Context(), armed, "a b@x.example", "b@y.example", "jürgen@y.example")); got != "failed render 0 | sent dot 250 | failed rcpt 0" {
		t.Error(got)
	}
	ends(s, server)
}

// Any mail arrives as it is, over many mails on one connection: dots are
// doubled and undone, an end is added where there is none.
func TestMailsArriveAsTheyAre(t *testing.T) {
	sink := testsmtp.Start(t, testsmtp.Options{Keep: true})
	c := NewCourier(CourierOptions{})
	s, err := c.Session(t.Context(), sink.Sender())
	if err != nil {
		t.Fatal(err)
	}
	mails := []string{".\r\n", "..\r\n.\r\n", ".", "a: b\r\n\r\n.\r\n.\r\n\r\n.", "a: b\r\n\r\nno end", "\r\n", "a: b\r\n\r\n" + strings.Repeat(strings.Repeat(".", 998)+"\r\n", 2000)}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var b strings.Builder
		for range random.IntN(300) {
			b.WriteString([]string{".", "x", "\r\n", "\r\n.", "..", " ", "QUIT", "\t"}[random.IntN(8)])
		}
		mails = append(mails, b.String()+"x")
	}
	for i, mail := range mails {
		r := s.Send(t.Context(), Envelope{From: "a@x.example", To: []string{"b@y.example"}}, []byte(mail), armed)
		if got := summary(r); got != "sent dot 250" {
			t.Fatalf("%d: %s: %+v", i, got, r.Outcomes[0])
		}
	}
	s.Release()
	c.Close()
	for i, got := range sink.Mails() {
		want := mails[i]
		if !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if got.Size != len(want) || !bytes.Equal(got.Raw, []byte(want)) {
			t.Fatalf("mail %d: sent %q, arrived %q", i, want, got.Raw)
		}
	}
	if sink.Connections() != 1 {
		t.Errorf("%d connections", sink.Connections())
	}
}

// MAIL says what is needed where the server offers it; what it cannot take
// fails before anything is said.
func TestExtensions(t *testing.T) {
	eight := "Subject: x\r\n\r\nHyvää päivää\r\n"
	wide := "Subject: Hyvää\r\n\r\nhi\r\n"
	long := "Subject: x\r\n\r\n" + strings.Repeat("0123456789\r\n", 10)
	for _, c := range []struct {
		offers, mail, from, to string
		want, said             string
	}{
		{"PIPELINING", letter, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example>"},
		{"PIPELINING", letter, "", "b@y.example", "sent dot 250", "MAIL FROM:<>"},
		{"8BITMIME,SMTPUTF8", letter, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example>"},
		{"8bitmime", eight, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example> BODY=8BITMIME"},
		{"SMTPUTF8", eight, "a@x.example", "b@y.example", "failed mail 0", ""},
		{"8BITMIME,SMTPUTF8", wide, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example> BODY=8BITMIME SMTPUTF8"},
		{"8BITMIME", wide, "a@x.example", "b@y.example", "failed mail 0", ""},
		{"8BITMIME,SMTPUTF8", letter, "a@x.example", "jürgen@y.example", "sent dot 250", "MAIL FROM:<a@x.example> SMTPUTF8"},
		{"8BITMIME", letter, "a@x.example", "jürgen@y.example", "failed rcpt 0", ""},
		{"8BITMIME,SMTPUTF8", letter, "jürgen@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<jürgen@x.example> SMTPUTF8"},
		{"", letter, "jürgen@x.example", "b@y.example", "failed mail 0", ""},
		{"", letter, "a@bücher.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@xn--bcher-kva.example>"},
		{"SIZE 100", long, "a@x.example", "b@y.example", "failed mail 0", ""},
		{"SIZE 134", long, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example> SIZE=134"},
		{"SIZE 133", long, "a@x.example", "b@y.example", "failed mail 0", ""},
		{"SIZE 0", long, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example> SIZE=134"},
		{"SIZE", long, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example> SIZE=134"},
		{"SIZE lots", long, "a@x.example", "b@y.example", "sent dot 250", "MAIL FROM:<a@x.example> SIZE=134"},
	} {
		s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
			p.Greet(strings.Split(c.offers, ",")...)
			p.Offered()
			p.Mail()
			p.Take("250 2.0.0 queued")
		})
		r := s.Send(t.Context(), Envelope{From: c.from, To: []string{c.to}}, []byte(c.mail), armed)
		ends(s, server)
		said := ""
		if heard := server.Heard(); len(heard) > 1 {
			said = heard[1]
		}
		if got := summary(r); got != c.want || said != c.said {
			t.Errorf("%q offered: %s, said %q; want %s, %q", c.offers, got, said, c.want, c.said)
		}
	}
}

// The last reply is kept in the server's words, fit to be shown.
func TestReplyForTheRecord(t *testing.T) {
	for _, c := range []struct{ said, code, enhanced, text string }{
		{"250 2.0.0 Ok: queued as 4F1A", "250", "2.0.0", "Ok: queued as 4F1A"},
		{"250", "250", "", ""},
		{"250 queued", "250", "", "queued"},
		{"250-2.6.0 <1@x> \r\n250 2.6.0 Queued", "250", "2.6.0", "<1@x> Queued"},
		{"550-5.7.1 Bad\tname\r\n550-5.7.1\r\n550 5.7.1 see\x1b[31m http://x", "550", "5.7.1", "Bad name see [31m http://x"},
		{"550 4.7.1 class of another", "550", "", "4.7.1 class of another"},
		{"550 5.7 short", "550", "", "5.7 short"},
		{"550 5.7.1.2 long", "550", "", "5.7.1.2 long"},
		{"550 5.7.509", "550", "5.7.509", ""},
		{"550 5.7.5091 x", "550", "", "5.7.5091 x"},
		{"554 p\u00e4\u202egnol\xff\u0085x", "554", "", "pägnol\ufffd x"},
		{"554 " + strings.Repeat("ä", 2000), "554", "", strings.Repeat("ä", 498) + "…"},
	} {
		s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
			p.Greet()
			p.Offered()
			p.Mail()
			p.Say(c.said)
		})
		got := s.letter(t.Context(), armed, "a@x.example").Outcomes[0].Reply
		ends(s, server)
		if fmt.Sprint(got.Code) != c.code || got.Enhanced != c.enhanced || got.Text != c.text {
			t.Errorf("%q is kept as %d, %q, %q", c.said, got.Code, got.Enhanced, got.Text)
		}
	}
}

// deadlines notes how long each read and write may take.
type deadlines struct {
	net.Conn
	read, write []time.Duration
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.read = append(d.read, time.Until(at).Round(time.Minute))
	return d.Conn.SetReadDeadline(at)
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.write = append(d.write, time.Until(at).Round(time.Second))
	return d.Conn.SetWriteDeadline(at)
}

// RFC 5321 §4.5.3.2: five minutes for each command, two for DATA, three for a
// block, ten for the dot; and our five seconds for the dot to leave.
func TestDeadlinesOfTheStandard(t *testing.T) {
	sink := testsmtp.Start(t, testsmtp.Options{})
	s, err := NewCourier(CourierOptions{}).Session(t.Context(), sink.Sender())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.offers.pipeline = false
	d := &deadlines{Conn: s.wire.Conn}
	s.wire.Conn = d
	mail := "Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("x", 98)+"\r\n", 1000) // two blocks
	r := s.Send(t.Context(), Envelope{From: "a@x.example", To: []string{"b@y.example"}}, []byte(mail), armed)
	if summary(r) != "sent dot 250" {
		t.Fatal(r)
	}
	m := time.Minute
	if want := []time.Duration{5 * m, 5 * m, 2 * m, 10 * m}; !slices.Equal(d.read, want) {
		t.Errorf("reads may take %v, want %v", d.read, want)
	}
	if want := []time.Duration{5 * m, 5 * m, 5 * m, 3 * m, 3 * m, 5 * time.Second}; !slices.Equal(d.write, want) {
		t.Errorf("writes may take %v, want %v", d.write, want)
	}
}

// A server that says one byte at a time gains no time by that: the deadline is
// for the whole reply.
func TestDripping(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	go func() {
		for { // until the client closes
			if _, err := server.Write([]byte{'2'}); err != nil {
				return
			}
		}
	}()
	d := &deadlines{Conn: client}
	s := Session{conn: d, wire: &wire{Conn: d}}
	s.setUp()
	if _, err := s.hear(time.Hour); err != errReplyLong || len(d.read) != 1 {
		t.Errorf("%v after %d deadlines", err, len(d.read))
	}
}

// A mail that the peer does not read ends at its deadline, certainly unsent.
func TestBlockedBody(t *testing.T) {
	came := make(chan struct{})
	defer close(came)
	s, server := begin(t, CourierOptions{Patience: Patience{Block: 100 * time.Millisecond}}, func(p *testsmtp.Peer) {
		p.Greet()
		p.Offered()
		<-came
	})
	mail := bytes.Repeat([]byte(strings.Repeat("x", 98)+"\r\n"), 200_000)
	r := s.Send(t.Context(), Envelope{To: []string{"b@y.example"}}, mail, func([]int) error { t.Error("armed"); return nil })
	if got := summary(r); got != "deferred body 0" {
		t.Error(got)
	}
	truthful(t, r, server)
}

// A dot that the kernel does not take has not left.
func TestDotThatTheKernelRefuses(t *testing.T) {
	for _, took := range []int{0, 1, 2} {
		s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
			p.Greet()
			p.Offered()
			p.Mail()
		})
		s.wire.Conn = &failing{Conn: s.wire.Conn, took: took}
		r := s.letter(t.Context(), armed, "a@x.example")
		ends(s, server)
		want := "unknown dot 0"
		if took == 0 {
			want = "deferred body 0"
		}
		if got := summary(r); got != want {
			t.Errorf("%d bytes of the dot taken: %s", took, got)
		}
	}
}

// failing takes a few bytes of the dot only.
type failing struct {
	net.Conn
	took int
}

func (f *failing) Write(p []byte) (int, error) {
	if string(p) != ".\r\n" {
		return f.Conn.Write(p)
	}
	n, _ := f.Conn.Write(p[:f.took])
	return n, net.ErrClosed
}

// What the server says while the mail is on its way is heard before the mail is
// armed.
func TestRefusedOnTheWay(t *testing.T) {
	s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
		p.Greet()
		p.Offered()
		p.Expect("From: ") // the first line of the mail
		p.Say("552 5.2.3 larger than we like")
		p.Hang()
	})
	s.wire.Conn = &listening{Conn: s.wire.Conn, until: s.untilHeard}
	r := s.letter(t.Context(), func([]int) error { t.Error("armed"); return nil }, "a@x.example")
	ends(s, server)
	if got := summary(r); got != "failed body 552" || len(server.Mails()) != 0 {
		t.Errorf("%s: %+v", got, r)
	}
}

// listening returns from the writing of the letter when the server has spoken.
type listening struct {
	net.Conn
	until func()
}

func (l *listening) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	if string(p) == letter {
		l.until()
	}
	return n, err
}

// A refusal leaves nothing behind: the next mail begins with RSET, and it is
// judged by its own replies.
func TestAfterRefusals(t *testing.T) {
	for _, extensions := range [][]string{{"PIPELINING"}, nil} {
		s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
			p.Greet(extensions...)
			p.Answer("MAIL", "250 fine", "RCPT", "550 5.1.1 no such user")
			if extensions != nil {
				p.Answer("DATA", "503 5.5.1 no recipients")
			}
			p.Answer("RSET", "250 fine")
			p.Offered()
			p.Mail()
			p.Say("452 4.3.1 no room")
			p.Answer("RSET", "250 fine")
			p.Offered()
			p.Mail()
			p.Take("250 2.0.0 queued")
			p.Offered()
			p.Mail()
			p.Take("250 2.0.0 queued")
		})
		for _, want := range []string{"failed rcpt 550", "deferred dot 452", "sent dot 250", "sent dot 250"} {
			if got := summary(s.letter(t.Context(), armed, "a@x.example")); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		ends(s, server)
		if server.Connections() != 1 {
			t.Error("another connection")
		}
	}
}

// A used connection that has ended takes no try away from the next mail.
func TestUsedConnectionThatEnds(t *testing.T) {
	for name, end := range map[string]func(*testsmtp.Peer){"leaves": leave, "resets": reset, "says so": say("421 4.7.0 too many messages on this connection")} {
		s, server := begin(t, CourierOptions{}, func(p *testsmtp.Peer) {
			p.Greet("PIPELINING")
			p.Offered()
			p.Mail()
			p.Take("250 2.0.0 queued")
			p.Expect("MAIL")
			end(p)
		})
		if got := summary(s.letter(t.Context(), armed, "a@x.example")); got != "sent dot 250" {
			t.Fatal(got)
		}
		r := s.letter(t.Context(), armed, "a@x.example")
		ends(s, server)
		if r.Outcomes[0].State != crm.Ready || r.Outcomes[0].Refusal != (crm.Refusal{}) || !s.Over() {
			t.Errorf("%s: %+v", name, r.Outcomes[0])
		}
	}
}

// A reply read in any pieces gives the same, and never more than it may.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "250-2.0.0 a\r\n250 2.0.0 b\r\n421 bye\n", "354\r\n", "250-x\n", "\r\n", "999 x\r\n", "550 5.1.1\r\n550x"} {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, said string, piece int) {
		whole := readAll(strings.NewReader(said))
		pieces := readAll(&slow{strings.NewReader(said), 1 + max(piece, 0)%7})
		if !slices.Equal(whole, pieces) {
			t.Errorf("%q in pieces gives %q", whole, pieces)
		}
	})
}

type slow struct {
	from *strings.Reader
	n    int
}

func (s *slow) Read(p []byte) (int, error) { return s.from.Read(p[:min(s.n, len(p))]) }

func readAll(from interface{ Read([]byte) (int, error) }) []string {
	p := replies{from: from, wait: func() {}}
	for all := []string(nil); ; {
		code, err := p.next()
		if err != nil {
			return append(all, err.Error())
		}
		r := p.reply()
		if code < 200 || code > 599 || len(r.Text) > maxReplyText || strings.ContainsAny(r.Text, "\r\n\x00\x1b") || strings.ContainsAny(r.Enhanced, " \r\n") {
			panic(fmt.Sprintf("%+v", r))
		}
		all = append(all, r.String())
	}
}

// What passes examine has no line end but CRLF, and comes back when dots are
// undone.
func FuzzExamine(f *testing.F) {
	for _, seed := range []string{letter, ".\r\n", "\r\n.\r\n", "a\n.\nb", "\r", "ä: ö\r\n\r\nü"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, mail []byte) {
		c, err := examine(mail)
		if err != nil {
			return
		}
		bare := bytes.ReplaceAll(mail, []byte("\r\n"), nil)
		if bytes.ContainsAny(bare, "\r\n\x00") {
			t.Fatalf("%q passes", mail)
		}
		wire := transparent(nil, mail)
		if !bytes.HasSuffix(wire, []byte("\r\n")) || bytes.Contains(append([]byte("\r\n"), wire...), []byte("\r\n.\r\n")) {
			t.Fatalf("%q goes out as %q", mail, wire)
		}
		back := bytes.ReplaceAll(append([]byte("\r\n"), wire...), []byte("\r\n."), []byte("\r\n"))[2:]
		if int64(len(back)) != c.size || !bytes.HasPrefix(back, mail) {
			t.Fatalf("%q comes back as %q", mail, back)
		}
		if !c.dots && !c.endless && !bytes.Equal(wire, mail) {
			t.Fatalf("%q was to go as it is", mail)
		}
	})
}
