package samplecompany

import (
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func TestSMTPTakesMail(t *testing.T) {
	c := start(t, Options{})
	client, err := smtp.Dial(c.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	a := c.Accounts()[0]
	if err := client.Auth(sasl.NewPlainClient("", a.Username, a.Password)); err != nil {
		t.Errorf("login: %v", err)
	}
	for _, subject := range []string{"yksi", "kaksi"} {
		body := "Subject: " + subject + "\r\n\r\n.piste\r\n"
		if err := client.SendMail(a.Address, []string{"tuula@postila.example", "jorma@postila.example"}, strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	mails := c.Sent()
	if c.SentCount() != 2 || len(mails) != 2 {
		t.Fatalf("%d counted, %d kept", c.SentCount(), len(mails))
	}
	m := mails[1]
	if m.From != a.Address || len(m.To) != 2 || string(m.Raw) != "Subject: kaksi\r\n\r\n.piste\r\n" || !m.At.Equal(now) {
		t.Errorf("%+v", m)
	}
}

func TestSMTPRefusesWrongPassword(t *testing.T) {
	c := start(t, Options{})
	client, err := smtp.Dial(c.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Auth(sasl.NewPlainClient("", c.Accounts()[0].Username, "arvaus")); err == nil {
		t.Error("a wrong password is taken")
	}
}

func TestSMTPLimits(t *testing.T) {
	c := start(t, Options{})
	client, err := smtp.Dial(c.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var refused *smtp.SMTPError
	err = client.SendMail("a@postila.example", make([]string, 0), strings.NewReader(""))
	if err == nil {
		t.Error("a mail for nobody is taken")
	}
	if err := client.Reset(); err != nil {
		t.Fatal(err)
	}
	many := make([]string, maxRecipients+1)
	for i := range many {
		many[i] = "b@postila.example"
	}
	if err := client.SendMail("a@postila.example", many, strings.NewReader("moi\r\n")); !errors.As(err, &refused) {
		t.Errorf("%d recipients: %v", len(many), err)
	}
	if err := client.Reset(); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 998) + "\r\n"
	big := strings.NewReader(strings.Repeat(line, maxMessage/len(line)+1))
	if err := client.SendMail("a@postila.example", []string{"b@postila.example"}, big); !errors.As(err, &refused) || refused.Code != 552 {
		t.Errorf("a mail over the limit: %v", err)
	}
	if c.SentCount() != 0 {
		t.Errorf("%d mails taken", c.SentCount())
	}
}

// The sink forgets the oldest, by number and by bytes, and counts on.
func TestSinkKeepsTheLast(t *testing.T) {
	c := &Company{sink: newSink(nil, nil)}
	for range keepMails + 5 {
		c.sink.take(Accepted{Raw: []byte("x")})
	}
	if len(c.Sent()) != keepMails || c.SentCount() != keepMails+5 {
		t.Errorf("%d kept, %d counted", len(c.Sent()), c.SentCount())
	}
	big := make([]byte, maxMessage)
	for range 5 {
		c.sink.take(Accepted{Raw: big})
	}
	if n := len(c.Sent()); n != keepBytes/maxMessage {
		t.Errorf("%d large mails kept", n)
	}
}
