package testsmtp

import (
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
)

func send(s *Sink, to ...string) error {
	return smtp.SendMail(s.Addr(), nil, "a@x.example", to, []byte("Message-ID: <1@x.example>\r\n\r\nhi\r\n"))
}

// What is accepted stands in the file before the 250 is said, for many senders
// at once, and after the sink has gone.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "taken")
	s := Start(t, Options{File: name, Taken: func(m Mail) error {
		lines, err := ReadFile(name)
		if err != nil {
			t.Error(err)
		}
		for _, l := range lines {
			if l.Recipient == m.To[0] && l.MessageID == "1@x.example" && l.Size == m.Size && !l.At.IsZero() {
				return nil
			}
		}
		t.Errorf("%s is not in the file yet", m.To[0])
		return nil
	}})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 5 {
				if err := send(s, fmt.Sprintf("u%d.%d@x.example", i, k), "second@x.example"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	s.Close()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("17\thalf a li") // as a kill leaves it
	f.Close()
	if lines, err := ReadFile(name); len(lines) != 80 || err != nil {
		t.Errorf("%d lines: %v", len(lines), err)
	}
	if len(s.Mails()) != 40 || s.Connections() != 40 {
		t.Errorf("%d mails over %d connections", len(s.Mails()), s.Connections())
	}
}

// Recipients and mails can be refused; a mail refused after it was recorded is
// the test's own wish.
func TestRefusals(t *testing.T) {
	s := Start(t, Options{
		Refuse: func(to string) *gosmtp.SMTPError {
			if strings.HasPrefix(to, "nobody@") {
				return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
			}
			return nil
		},
		Taken: func(m Mail) error {
			if m.To[0] == "late@x.example" {
				return &gosmtp.SMTPError{Code: 451, Message: "later"}
			}
			return nil
		},
	})
	if err := send(s, "nobody@x.example"); err == nil || !strings.HasPrefix(err.Error(), "550 ") {
		t.Error(err)
	}
	if err := send(s, "late@x.example"); err == nil || !strings.HasPrefix(err.Error(), "451 ") {
		t.Error(err)
	}
	if err := send(s, "a@x.example"); err != nil {
		t.Error(err)
	}
}

// Nothing listens beyond this machine.
func TestLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:25", "localhost:0"} {
		if s, err := Listen(addr, Options{}); err == nil {
			s.Close()
			t.Errorf("listens on %s", addr)
		}
	}
}

// A script sees a mail with its dots, and knows whether it was said yes to.
func TestScript(t *testing.T) {
	server := Serve(t, func(p *Peer) {
		p.Greet()
		p.Offered()
		p.Mail()
		if p.Connection == 1 {
			p.Take("250 queued")
			p.Answer("QUIT", "221 bye")
			return
		}
		p.Reset()
	})
	addr := server.listener.Addr().String()
	mail := []byte("Subject: x\r\n\r\n.\r\n")
	if err := smtp.SendMail(addr, nil, "a@x.example", []string{"b@x.example"}, mail); err != nil {
		t.Error(err)
	}
	var e *net.OpError
	if err := smtp.SendMail(addr, nil, "a@x.example", []string{"b@x.example"}, mail); !errors.As(err, &e) {
		t.Errorf("a reset gives %v", err)
	}
	server.Stop()
	if got := server.Mails(); len(got) != 2 || got[0] != "Subject: x\r\n\r\n..\r\n" || server.Yes() != 1 || server.Connections() != 2 {
		t.Errorf("%q, %d", got, server.Yes())
	}
}
