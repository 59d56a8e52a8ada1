package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kaveri/crm"
	"kaveri/store"
)

// keyringOf opens the database of a program that is not running.
func keyringOf(t *testing.T, data string) crm.Keyring {
	t.Helper()
	key, err := readKey(filepath.Join(data, "kaveri.key"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(data, "kaveri.db"), store.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Keyring()
}

// TestDropbox drops mail at a program that serves, and finds it on the
// customer's timeline.
func TestDropbox(t *testing.T) {
	k := cli{t, t.TempDir(), ""}
	k.run("", exitDone, "firm", "set", "--domain", "firm.example")
	k.run("correct-horse-battery\n", exitDone, "user", "add", "anna@firm.example", "--name", "Anna")
	k.run("", exitDone, "customer", "add", "dora@acme.example", "--name", "Dora")
	var addresses dropboxJSON
	k.json(&addresses, "dropbox", "address", "dora@acme.example", "--domain", "drop.firm.example")
	keys := keyringOf(t, k.data)

	r := start(t, map[string]string{"KAVERI_DATA": k.data}, "serve", "--listen", "127.0.0.1:0",
		"--dropbox", "127.0.0.1:0", "--dropbox-domain", "drop.firm.example", "--dropbox-trust", "127.0.0.1/32")
	door := r.out.find(t, `dropped at (\S+)`)
	send := func(to, mail string) error {
		c, err := smtp.Dial(door)
		if err != nil {
			return err
		}
		defer c.Close()
		return c.SendMail("", []string{to}, strings.NewReader(mail))
	}
	const copied = "From: Anna <anna@firm.example>\r\nTo: dora@acme.example\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\nMessage-ID: <1@firm.example>\r\nSubject: Tarjous\r\n\r\nHei Dora!\r\n"
	note := "From: Anna <anna@firm.example>\r\nTo: " + string(addresses.Note) + "\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\nSubject: x\r\n\r\nShe calls tomorrow.\r\n"
	bounce := "From: MAILER-DAEMON@mx.acme.example\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n" +
		"--b\r\n\r\nIt failed.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.example\r\n\r\nFinal-Recipient: rfc822; dora@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
	for range 2 { // a client that has not heard of it sends again
		for what, err := range map[string]error{
			"a copy":   send(string(addresses.Copy), copied),
			"a note":   send(string(addresses.Note), note),
			"a bounce": send(string(keys.ReturnPath(77, "drop.firm.example")), bounce),
			"journal":  send("journal@drop.firm.example", strings.Replace(copied, "Tarjous", "Kiitos", 1)),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	var refused *smtp.SMTPError
	if err := send(string(addresses.Copy), strings.Replace(copied, "anna@firm", "eve@evil", 1)); !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("a stranger's copy: %v", err)
	}
	r.end(t)

	var shown shownJSON
	k.json(&shown, "customer", "show", "dora@acme.example", "--as", "anna@firm.example")
	var what []string
	for _, it := range shown.Timeline {
		if it.Note != nil {
			what = append(what, "note: "+it.Note.Body)
		} else {
			what = append(what, "mail: "+it.Mail.Subject)
		}
	}
	slices.Sort(what)
	if !slices.Equal(what, []string{"mail: Kiitos", "mail: Tarjous", "mail: Undelivered Mail Returned to Sender", "note: She calls tomorrow."}) {
		t.Errorf("the timeline has %q", what)
	}
	if out := k.run("", exitDone, "user", "list"); !strings.Contains(out, "kaveri@drop.firm.example") {
		t.Errorf("whose reports are is not told:\n%s", out)
	}
}

// What is wrong with the flags is said before anything starts.
func TestDropboxFlags(t *testing.T) {
	k := cli{t, t.TempDir(), ""}
	for _, args := range [][]string{
		{"--dropbox-domain", "drop.firm.example"},
		{"--dropbox", "127.0.0.1:0"},
		{"--dropbox", "127.0.0.1:0", "--dropbox-domain", "not a domain"},
		{"--dropbox", "127.0.0.1:0", "--dropbox-domain", "drop.firm.example", "--dropbox-trust", "10.0.0.1"},
		{"--dropbox", "127.0.0.1:0", "--dropbox-domain", "drop.firm.example", "--dropbox-cert", "x.pem"},
		{"--dropbox", "nowhere", "--dropbox-domain", "drop.firm.example"},
	} {
		k.run("", exitUsage, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.run("", exitUsage, "serve", "--listen", "127.0.0.1:0", "--dropbox", "unix:"+file, "--dropbox-domain", "drop.firm.example")
	k.run("", exitUsage, "serve", "--listen", "127.0.0.1:0", "--dropbox", "127.0.0.1:0", "--dropbox-domain", "drop.firm.example", "--dropbox-cert", file, "--dropbox-key", file)
}

// Scenario 16: Ben had a call, and mails what Dora wants to her note address from
// his telephone. The note and the wish are on her record, with the day before
// which she does not want it, and are found; from anybody else it is refused.
func TestPhoneWishFromThePocket(t *testing.T) {
	k := cli{t, t.TempDir(), ""}
	k.run("", exitDone, "firm", "set", "--domain", "firm.example")
	k.run("correct-horse-battery\n", exitDone, "user", "add", "ben@firm.example", "--name", "Ben")
	k.run("", exitDone, "customer", "add", "dora@acme.example", "--name", "Dora")
	var addresses dropboxJSON
	k.json(&addresses, "dropbox", "address", "dora@acme.example", "--domain", "drop.firm.example")
	r := start(t, map[string]string{"KAVERI_DATA": k.data}, "serve", "--listen", "127.0.0.1:0",
		"--dropbox", "127.0.0.1:0", "--dropbox-domain", "drop.firm.example", "--dropbox-trust", "127.0.0.1/32")
	door := r.out.find(t, `dropped at (\S+)`)
	send := func(mail string) error {
		c, err := smtp.Dial(door)
		if err != nil {
			return err
		}
		defer c.Close()
		return c.SendMail("", []string{string(addresses.Note)}, strings.NewReader(mail))
	}
	mail := "From: Ben <ben@firm.example>\r\nTo: " + string(addresses.Note) + "\r\nDate: Mon, 12 Jan 2026 14:30:00 +0200\r\nSubject: Dora\r\n\r\nwants blue, not before March\r\ntoive: isompi koko\r\n"
	for range 2 {
		if err := send(mail); err != nil {
			t.Fatal(err)
		}
	}
	var refused *smtp.SMTPError
	if err := send(strings.Replace(mail, "ben@firm", "eve@evil", 1)); !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("a stranger's wish: %v", err)
	}
	r.end(t)

	var shown shownJSON
	k.json(&shown, "customer", "show", "dora@acme.example")
	var told []string
	for _, it := range shown.Timeline {
		switch {
		case it.Note != nil && !time.Time(it.At).Equal(time.Date(2026, 1, 12, 12, 30, 0, 0, time.UTC)):
			t.Errorf("the note is of %v", time.Time(it.At))
		case it.Note != nil:
			told = append(told, "note by "+it.Note.Staff)
		case it.Wish != nil:
			told = append(told, "wish: "+it.Wish.Quote)
		}
	}
	slices.Sort(told)
	if !slices.Equal(told, []string{"note by Ben", "wish: isompi koko", "wish: wants blue, not before March"}) {
		t.Errorf("the timeline has %q", told)
	}
	var found wishJSON
	k.json(&found, "wish", "list", "--search", "blue")
	if found.Quote != "wants blue, not before March" || found.NotBefore.String() != "2026-03-01" || found.Customer != "Dora" || found.Staff != "Ben" || found.State != crm.WishNew {
		t.Errorf("found %+v", found)
	}
}
