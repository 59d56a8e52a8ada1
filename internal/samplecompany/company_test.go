package samplecompany

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"kaveri/crm"
	"kaveri/internal/mailgen"
)

var now = time.Date(2026, 11, 18, 11, 30, 0, 0, time.UTC)

func start(t *testing.T, o Options) *Company {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func login(t *testing.T, c *Company, a Account, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	client, err := imapclient.DialInsecure(c.IMAPAddr(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if err := client.Login(a.Username, a.Password).Wait(); err != nil {
		t.Fatalf("login as %s: %v", a.Username, err)
	}
	return client
}

// The server serves what was generated, to the byte, with dates and flags, and reading changes nothing.
func TestServesWhatWasGenerated(t *testing.T) {
	c := start(t, Options{Seed: 5})
	want := map[string][]mailgen.Delivery{}
	for _, d := range mailgen.Company(5, now).Mail {
		want[d.User+"/"+d.Folder] = append(want[d.User+"/"+d.Folder], d)
	}
	served := 0
	for _, a := range c.Accounts() {
		user, _, _ := strings.Cut(a.Address, "@")
		client := login(t, c, a, nil)
		for _, f := range folders {
			mails := want[user+"/"+f.name]
			selected, err := client.Select(f.name, &imap.SelectOptions{ReadOnly: true}).Wait()
			if err != nil {
				t.Fatal(err)
			}
			if int(selected.NumMessages) != len(mails) || selected.UIDValidity != uint32(now.Unix()) {
				t.Errorf("%s of %s: %+v, %d were generated", f.name, user, selected, len(mails))
			}
			before := flagsOf(t, client)
			for i, m := range fetchAll(t, client) {
				served++
				switch d := mails[i]; {
				case !bytes.Equal(m.FindBodySection(whole), d.Raw):
					t.Errorf("%s of %s, UID %d: other bytes than generated", f.name, user, m.UID)
				case !m.InternalDate.Equal(d.Date):
					t.Errorf("UID %d arrived %v, generated for %v", m.UID, m.InternalDate, d.Date)
				case slices.Contains(m.Flags, imap.Flag("\\seen")) != d.Seen && slices.Contains(m.Flags, imap.FlagSeen) != d.Seen:
					t.Errorf("UID %d has flags %v, seen is %t", m.UID, m.Flags, d.Seen)
				}
			}
			if after := flagsOf(t, client); before != after {
				t.Errorf("reading %s changed the flags", f.name)
			}
		}
	}
	if served < 300 {
		t.Errorf("only %d mails served", served)
	}
}

var whole = &imap.FetchItemBodySection{Peek: true}

func fetchAll(t *testing.T, client *imapclient.Client) []*imapclient.FetchMessageBuffer {
	t.Helper()
	all, err := client.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true,
		BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func flagsOf(t *testing.T, client *imapclient.Client) string {
	t.Helper()
	all, err := client.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintln(&b, m.UID, m.Flags)
	}
	return b.String()
}

// What an ingester asks of a server is answered.
func TestWhatAnIngesterNeeds(t *testing.T) {
	c := start(t, Options{Seed: 5})
	client := login(t, c, c.Accounts()[1], nil)
	for _, want := range []imap.Cap{imap.CapIdle, imap.CapSpecialUse, imap.CapListStatus, imap.CapESearch, imap.CapUIDPlus} {
		if !client.Caps().Has(want) {
			t.Errorf("%s is not offered: %v", want, client.Caps())
		}
	}
	t.Run("LIST", func(t *testing.T) {
		got := map[string][]imap.MailboxAttr{}
		status := &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true}
		for _, o := range []*imap.ListOptions{nil, {ReturnSpecialUse: true, ReturnStatus: status}} {
			list, err := client.List("", "*", o).Collect()
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range list {
				got[l.Mailbox] = l.Attrs
				if o != nil && (l.Status == nil || l.Status.UIDValidity != uint32(now.Unix()) || *l.Status.NumMessages == 0) {
					t.Errorf("%s: status %+v", l.Mailbox, l.Status)
				}
			}
		}
		if len(got) != 4 || !slices.Contains(got["Sent"], imap.MailboxAttrSent) || !slices.Contains(got["Archive"], imap.MailboxAttrArchive) {
			t.Errorf("folders %v", got)
		}
		special, err := client.List("", "*", &imap.ListOptions{SelectSpecialUse: true}).Collect()
		if err != nil || len(special) != 2 {
			t.Errorf("with a special use: %v, %v", special, err)
		}
	})
	t.Run("STATUS", func(t *testing.T) {
		s, err := client.Status("Sent", &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true, NumUnseen: true}).Wait()
		if err != nil || s.UIDValidity != uint32(now.Unix()) || int(*s.NumMessages)+1 != int(s.UIDNext) || *s.NumUnseen != 0 {
			t.Errorf("%+v, %v", s, err)
		}
	})
	selected, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("UID SEARCH", func(t *testing.T) {
		plain, err := client.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
		if err != nil || len(plain.AllUIDs()) != int(selected.NumMessages) {
			t.Errorf("%d UIDs, %v; %d mails", len(plain.AllUIDs()), err, selected.NumMessages)
		}
		extended, err := client.UIDSearch(&imap.SearchCriteria{}, &imap.SearchOptions{ReturnAll: true, ReturnCount: true}).Wait()
		if err != nil || extended.Count != selected.NumMessages || fmt.Sprint(extended.All) != fmt.Sprintf("1:%d", selected.NumMessages) {
			t.Errorf("%+v, %v", extended, err)
		}
		recent, err := client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: selected.UIDNext - 2}}}}, nil).Wait()
		if err != nil || len(recent.AllUIDs()) != 2 {
			t.Errorf("the last two: %v, %v", recent, err)
		}
	})
	t.Run("HEADER.FIELDS", func(t *testing.T) {
		section := &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Message-ID", "References", "List-Id"}, Peek: true}
		all, err := client.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{UID: true, Envelope: true, RFC822Size: true,
			BodySection: []*imap.FetchItemBodySection{section}}).Collect()
		if err != nil || len(all) != int(selected.NumMessages) {
			t.Fatalf("%d answers, %v", len(all), err)
		}
		for _, m := range all {
			head := string(m.FindBodySection(section))
			if !strings.Contains(strings.ToLower(head), "message-id: <") || strings.Contains(head, "\nSubject:") {
				t.Errorf("UID %d: fields %q", m.UID, head)
			}
			if m.Envelope == nil || m.RFC822Size == 0 {
				t.Errorf("UID %d: no envelope or no size", m.UID)
			}
		}
	})
}

// EXAMINE holds whatever a client sends after it.
func TestExamineIsReadOnly(t *testing.T) {
	c := start(t, Options{})
	client := login(t, c, c.Accounts()[3], nil)
	if _, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	before := flagsOf(t, client)
	if _, err := client.Fetch(imap.UIDSet{{Start: 1}}, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect(); err != nil {
		t.Errorf("FETCH BODY[]: %v", err)
	}
	if err := client.Store(imap.UIDSet{{Start: 1}}, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err == nil {
		t.Error("STORE is allowed")
	}
	if _, err := client.Move(imap.UIDSetNum(1), "Archive").Wait(); err == nil {
		t.Error("MOVE is allowed")
	}
	if err := client.Create("Uusi", nil).Wait(); err == nil {
		t.Error("CREATE is allowed")
	}
	if after := flagsOf(t, client); before != after {
		t.Errorf("flags before\n%s\nafter\n%s", before, after)
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	c := start(t, Options{})
	client, err := imapclient.DialInsecure(c.IMAPAddr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var refused *imap.Error
	if err := client.Login(c.Accounts()[0].Username, "arvaus").Wait(); !errors.As(err, &refused) || refused.Code != imap.ResponseCodeAuthenticationFailed {
		t.Errorf("a wrong password: %v", err)
	}
	if c.Accounts()[0].Password == start(t, Options{}).Accounts()[0].Password {
		t.Error("two companies have one password")
	}
}

// waitFor gives up long after anything should have happened.
func waitFor[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(2 * time.Minute):
		t.Fatalf("no %s", what)
		panic("not reached")
	}
}

// Whoever waits in IDLE hears of a mail that arrives, and of one that another session appends.
func TestIdleHearsOfArrivals(t *testing.T) {
	c := start(t, Options{Seed: 2})
	for i, a := range c.Accounts() {
		t.Run(a.Name, func(t *testing.T) {
			exists := make(chan uint32, 64)
			client := login(t, c, a, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
				Mailbox: func(data *imapclient.UnilateralDataMailbox) {
					if data.NumMessages != nil {
						exists <- *data.NumMessages
					}
				}}})
			selected, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
			if err != nil {
				t.Fatal(err)
			}
			for len(exists) > 0 {
				<-exists
			}
			idle, err := client.Idle()
			if err != nil {
				t.Fatal(err)
			}
			other := login(t, c, a, nil)
			raw := []byte("From: a@postila.example\r\nSubject: moi\r\n\r\nmoi\r\n")
			appending := other.Append("INBOX", int64(len(raw)), nil)
			appending.Write(raw)
			if err := appending.Close(); err != nil {
				t.Fatal(err)
			}
			if data, err := appending.Wait(); err != nil || data.UID != selected.UIDNext || data.UIDValidity != selected.UIDValidity {
				t.Errorf("append: %+v, %v", data, err)
			}
			if n := waitFor(t, "EXISTS for an APPEND", exists); n != selected.NumMessages+1 {
				t.Errorf("EXISTS %d, there were %d", n, selected.NumMessages)
			}
			if i == 0 {
				if err := idle.Close(); err != nil {
					t.Fatal(err)
				}
				return
			}
			user, _, _ := strings.Cut(a.Address, "@")
			for tries := 0; !arrivesFor(t, c, user); tries++ {
				if tries > 200 {
					t.Fatalf("nothing arrives for %s", user)
				}
			}
			if n := waitFor(t, "EXISTS for an arrival", exists); n != selected.NumMessages+2 {
				t.Errorf("EXISTS %d, there were %d", n, selected.NumMessages)
			}
			if err := idle.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func arrivesFor(t *testing.T, c *Company, user string) bool {
	t.Helper()
	mails, err := c.Arrive()
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(mails, func(d mailgen.Delivery) bool { return d.User == user && d.Folder == "INBOX" })
}

// Run delivers at once and again after each interval, and ends with its context.
func TestRun(t *testing.T) {
	c := start(t, Options{Every: 10 * time.Millisecond})
	total := func() (n uint32) {
		for _, a := range c.Accounts() {
			client := login(t, c, a, nil)
			s, err := client.Status("INBOX", &imap.StatusOptions{NumMessages: true}).Wait()
			if err != nil {
				t.Fatal(err)
			}
			n += *s.NumMessages
			client.Close()
		}
		return n
	}
	before := total()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	for deadline := time.Now().Add(2 * time.Minute); total() < before+3; {
		if time.Now().After(deadline) {
			t.Fatal("nothing arrives")
		}
	}
	cancel()
	if err := waitFor(t, "end of Run", ended); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestOnlyLoopback(t *testing.T) {
	for _, o := range []Options{{IMAPAddr: "0.0.0.0:0"}, {IMAPAddr: ":0"}, {SMTPAddr: "192.0.2.1:2525"}, {SMTPAddr: "localhost:0"}, {SMTPAddr: "[::]:0"}} {
		o.Now = func() time.Time { return now }
		if c, err := Start(t.Context(), o); err == nil {
			c.Close()
			t.Errorf("%+v is accepted", o)
		}
	}
}

// A port in use is an error, and the other server is not left running.
func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := Start(t.Context(), Options{SMTPAddr: taken.Addr().String()}); err == nil || !strings.Contains(err.Error(), "SMTP") {
		t.Errorf("a port in use: %v", err)
	}
}

func TestCloseAndContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, err := Start(ctx, Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", c.IMAPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	cancel()
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the connection outlives the context: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("close after the end: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func TestAbout(t *testing.T) {
	c := start(t, Options{Password: "salasana"})
	if c.FirmName() != "Lumipolku Matkat Oy" || c.Domain() != "lumipolku.example" || c.SharedAddress() != "info@lumipolku.example" {
		t.Errorf("%s, %s, %s", c.FirmName(), c.Domain(), c.SharedAddress())
	}
	if len(c.Accounts()) != 4 || len(c.Customers()) < 55 {
		t.Errorf("%d accounts, %d customers", len(c.Accounts()), len(c.Customers()))
	}
	for _, a := range c.Accounts() {
		if a.Password != "salasana" || a.Username != a.Address || a.Name == "" || a.Role == "" {
			t.Errorf("%+v", a)
		}
	}
}

func TestOrders(t *testing.T) {
	at, list := now, start(t, Options{}).Orders()
	if !reflect.DeepEqual(list, start(t, Options{}).Orders()) {
		t.Error("the same seed and time give other orders")
	}
	seen, refunds, nobody, called := map[string]bool{}, 0, 0, 0
	for _, o := range list {
		if err := o.Validate(at); err != nil {
			t.Fatalf("%s: %v", o.Number, err)
		}
		if seen[o.Number] || o.At.After(at) {
			t.Errorf("%s of %s", o.Number, o.At)
		}
		seen[o.Number] = true
		switch {
		case o.Refunds != "":
			refunds++
			if !seen[o.Refunds] {
				t.Errorf("%s gives back %s, which comes later", o.Number, o.Refunds)
			}
		case o.Buyer.Anonymous():
			nobody++
		case o.State == crm.OrderCancelled:
			called++
		}
	}
	if len(list) < 1000 || refunds < 20 || nobody < 10 || called < 10 {
		t.Errorf("%d orders, %d refunds, %d of nobody, %d called off", len(list), refunds, nobody, called)
	}
}
