package compose

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// Both signatures are of every mail, hold for a change of form that mail
// servers make, and break when something that is read is changed or added.
func TestSign(t *testing.T) {
	keys := keysFor(t, "kaukoranta.example")
	c := New(keys, clock)
	for name, d := range goldenDrafts() {
		raw, err := c.Compose(d, messageID, at)
		if err != nil {
			t.Fatal(err)
		}
		checkLines(t, raw)
		if err := verify(raw, keys, 2); err != nil {
			t.Errorf("%s: %v\n%s", name, err, raw)
		}
		if again, _ := c.Compose(d, messageID, at); !bytes.Equal(raw, again) {
			t.Errorf("%s: signed again it is another", name)
		}
		refolded := bytes.Replace(raw, []byte("Subject: "), []byte("Subject:  \r\n\t"), 1)
		if err := verify(append(refolded, "\r\n\r\n"...), keys, 2); err != nil {
			t.Errorf("%s, folded anew: %v", name, err)
		}
		for _, field := range []string{"From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "Content-Type", "MIME-Version"} {
			if verify(slices.Concat([]byte(field+": x\r\n"), raw), keys, 2) == nil {
				t.Errorf("%s: a second %s is not noticed", name, field)
			}
		}
		for _, field := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"} {
			if err := verify(slices.Concat([]byte(field+": x\r\n"), raw), keys, 2); (err == nil) == d.Bulk {
				t.Errorf("%s: with a %s added: %v", name, field, err)
			}
		}
	}
}

// A mail is signed by the nearest domain that has keys; where none has, not at
// all.
func TestSigningDomain(t *testing.T) {
	c := New(slices.Concat(keysFor(t, "firm.example"), keysFor(t, "news.firm.example"), keysFor(t, "møller.example")), clock)
	for from, want := range map[crm.Address]string{
		"a@firm.example": "d=firm.example;", "a@autumn.news.firm.example": "d=news.firm.example;", "a@old.firm.example": "d=firm.example;",
		"a@otherfirm.example": "", "a@example": "", "a@møller.example": "d=xn--mller-vua.example;",
	} {
		raw, err := c.Compose(&crm.Draft{From: crm.Party{Address: from}}, messageID, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(raw), "DKIM-Signature"); got != (want != "") || !strings.Contains(string(raw), want) {
			t.Errorf("mail from %s, which should have %q:\n%s", from, want, raw)
		}
	}
}

// source is keys that change and may fail.
type source struct {
	keys []crm.DKIMKey
	err  error
}

func (s *source) SigningKeys(context.Context) ([]crm.DKIMKey, error) { return s.keys, s.err }

// New keys are used within a minute. While they cannot be read the old ones go
// on; without any, the mail waits and does not leave unsigned.
func TestKeysAreReadAgain(t *testing.T) {
	first, second := keysFor(t, "x.example"), keysFor(t, "x.example")
	s := &source{err: errors.New("no database")}
	now := at
	c := New(s, func() time.Time { return now })
	by := func(keys fixedKeys) {
		t.Helper()
		raw, err := c.Compose(&crm.Draft{From: crm.Party{Address: "a@x.example"}}, messageID, at)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(raw, keys, 2); err != nil {
			t.Error(err)
		}
	}
	_, err := c.Compose(&crm.Draft{From: crm.Party{Address: "a@x.example"}}, messageID, at)
	if crm.KindOf(err) != crm.KindUnavailable {
		t.Fatalf("without keys the error is %v", err)
	}
	s.keys, s.err = first, nil
	by(first)
	s.keys = second
	by(first)
	now = now.Add(keysLast)
	by(second)
	s.keys, s.err = nil, errors.New("no database")
	now = now.Add(keysLast)
	by(second)
	s.keys, s.err = first, nil
	by(second)
	now = now.Add(keysRetry)
	by(first)
	s.keys = []crm.DKIMKey{{Domain: "x.example", Private: []byte("no key")}}
	_, err = New(s, clock).Compose(letter(), messageID, at)
	if crm.KindOf(err) != crm.KindUnavailable {
		t.Errorf("with a broken key the error is %v", err)
	}
}

// A second pair on one day has selectors of its own.
func TestNewKeys(t *testing.T) {
	used := map[string]bool{}
	for _, want := range []string{"kaveri-20261115-rsa", "kaveri-20261115-2-rsa", "kaveri-20261115-3-rsa"} {
		keys, err := NewKeys("x.example", at, func(s string) bool { return used[s] })
		if err != nil {
			t.Fatal(err)
		}
		if keys[0].Selector != want || keys[0].State() != crm.DKIMWaiting {
			t.Errorf("the key is %s, %s; want %s", keys[0].Selector, keys[0].State(), want)
		}
		for _, k := range keys {
			used[k.Selector] = true
		}
	}
}
