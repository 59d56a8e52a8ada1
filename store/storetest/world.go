package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kaveri/crm"
	"kaveri/store"
)

// world is a small travel firm with a store: Anna and Pekka work there, Ritva
// administrates, and customers write to them.
type world struct {
	testing.TB
	ctx context.Context
	s   *store.Store

	ritva, anna, pekka crm.Viewer
	boxes              map[crm.StaffID]crm.FolderID // everybody's INBOX
	uid                uint32
	clock              time.Time // of the next mail
}

const password = "kesämökki järvellä"

func newWorld(t testing.TB, s *store.Store) *world {
	t.Helper()
	w := &world{TB: t, ctx: context.Background(), s: s, boxes: map[crm.StaffID]crm.FolderID{}, clock: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	w.check(s.SaveFirm(w.ctx, crm.SystemViewer, crm.Firm{Name: "Matkatoimisto Kaukoranta", Domains: []string{"kaukoranta.example"}, Policy: crm.PolicyAll}))
	w.ritva = w.colleague("Ritva", crm.StaffAdmin)
	w.anna = w.colleague("Anna", crm.StaffMember)
	w.pekka = w.colleague("Pekka", crm.StaffMember)
	return w
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// colleague joins the firm, with a mailbox of their own.
func (w *world) colleague(name string, role crm.StaffRole) crm.Viewer {
	w.Helper()
	m, err := w.s.AddStaff(w.ctx, crm.SystemViewer, crm.Staff{Name: name, Address: crm.Address(strings.ToLower(name) + "@kaukoranta.example"), Role: role}, password)
	w.check(err)
	w.mailbox(m)
	return crm.ViewerOf(m)
}

func (w *world) mailbox(m crm.Staff) crm.Mailbox {
	w.Helper()
	box, err := w.s.AddMailbox(w.ctx, crm.SystemViewer, crm.Mailbox{Staff: m.ID, Address: m.Address, Label: m.Name + "'s mail", Host: "imap.kaukoranta.example", Password: "secret of " + m.Name})
	w.check(err)
	folders, err := w.s.SyncFolders(w.ctx, box.ID, []crm.Folder{{Mailbox: box.ID, Name: "INBOX", Enabled: true}})
	w.check(err)
	w.boxes[m.ID] = folders[0].ID
	w.check(w.s.NewEpoch(w.ctx, folders[0].ID, crm.Cursor{UIDValidity: 1}))
	return box
}

func (w *world) customer(name string, addresses ...crm.Address) crm.Customer {
	w.Helper()
	c, err := w.s.AddCustomer(w.ctx, w.ritva, name, addresses)
	w.check(err)
	return c
}

// letter is a mail as a test tells it.
type letter struct {
	From, To, Subject, Text string
	File                    string // name of an attachment
	Sign                    string // the signature, below the text
	ID, ReplyTo             string // Message-IDs
	Class                   crm.Class
	Variant                 string // makes another raw of the same mail
}

// arrives delivers a letter into the mailboxes of these colleagues and gives
// the message. Each letter is a minute younger than the one before.
func (w *world) arrives(l letter, at ...crm.Viewer) crm.MessageID {
	w.Helper()
	w.clock = w.clock.Add(time.Minute)
	var ds []crm.Delivery
	for i, v := range at {
		d := w.delivery(l, w.clock)
		if l.Variant != "" {
			d.Raw = rawOf(l, w.clock, fmt.Sprint(l.Variant, i))
		}
		w.uid++
		d.Folder, d.UIDValidity, d.UID = w.boxes[v.Staff], 1, w.uid
		ds = append(ds, d)
	}
	out, err := w.s.Deliver(w.ctx, ds)
	w.check(err)
	for _, o := range out {
		if o.Message == 0 {
			w.Fatalf("%q is withheld by rule %q", l.Subject, o.Rule)
		}
	}
	return out[0].Message
}

func (w *world) delivery(l letter, at time.Time) crm.Delivery {
	w.Helper()
	if l.Sign != "" {
		l.Text += "\n\n-- \n" + l.Sign
	}
	m := &crm.Message{Text: l.Text, TextSource: crm.TextPlain, Signature: l.Sign}
	m.Subject, m.MessageID, m.Date, m.Class = l.Subject, l.ID, at, l.Class
	if m.Class == "" {
		m.Class = crm.ClassHuman
	}
	if l.ReplyTo != "" {
		m.InReplyTo = []string{l.ReplyTo}
	}
	m.From, m.To = parties(w, l.From), parties(w, l.To)
	if l.File != "" {
		m.Attachments = []crm.Attachment{{Part: "2", Name: l.File, Type: "application/pdf", Size: 3}}
	}
	return crm.Delivery{Internal: at, Message: m, Raw: rawOf(l, at, "")}
}

// rawOf makes bytes that stand for the mail: the variant is in a transport
// header, so it is no part of the content.
func rawOf(l letter, at time.Time, variant string) crm.Raw {
	content := fmt.Sprintf("Date: %s\r\nFrom: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n%s", at.Format(time.RFC1123Z), l.From, l.To, l.Subject, l.Text)
	raw := content
	if variant != "" {
		raw = "Received: " + variant + "\r\n" + content
	}
	return crm.Raw{Sum: sha256.Sum256([]byte(raw)), Content: sha256.Sum256([]byte(content)), Size: int64(len(raw)), Zstd: encoder.EncodeAll([]byte(raw), nil)}
}

var encoder, _ = zstd.NewWriter(nil)

// parties reads "Name <address>, address".
func parties(w *world, list string) []crm.Party {
	w.Helper()
	var out []crm.Party
	for _, s := range strings.Split(list, ",") {
		name, address, found := strings.Cut(strings.TrimSpace(s), "<")
		if !found {
			name, address = "", name
		}
		address = strings.TrimSuffix(address, ">")
		if address == "" {
			continue
		}
		a, err := crm.ParseAddress(address)
		w.check(err)
		out = append(out, crm.Party{Name: strings.TrimSpace(name), Address: a, Written: address})
	}
	return out
}

// refused checks the kind of an error, and its field when one is named.
func (w *world) refused(err error, kind crm.Kind, field string) {
	w.Helper()
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind != kind || field != "" && e.Field != field {
		w.Errorf("got error %v (kind %d), want kind %d on %q", err, crm.KindOf(err), kind, field)
	}
}

// timeline reads all of it, page by page, and checks the pages.
func (w *world) timeline(v crm.Viewer, id crm.CustomerID, size int) []crm.TimelineItem {
	w.Helper()
	var all []crm.TimelineItem
	for page := (crm.PageKey{}); ; {
		items, next, err := w.s.Timeline(w.ctx, v, id, page, size)
		w.check(err)
		if len(items) > size {
			w.Fatalf("a page of %d has %d items", size, len(items))
		}
		all = append(all, items...)
		if next == (crm.PageKey{}) {
			return all
		}
		page = next
	}
}

// subjects names what a list of hits found.
func subjects(hits []crm.SearchHit) []string {
	out := []string{}
	for _, h := range hits {
		out = append(out, h.Subject)
	}
	return out
}
