package mailgen

import (
	"fmt"
	"iter"
	"strings"
	"time"
)

// Config says how much mail a load holds. The same configuration gives the same bytes.
type Config struct {
	Seed       uint64
	Deliveries int // copies in mailboxes; the number of different mails is about a fifth smaller; 0 means 1,000
	Mailboxes  int // of the staff; the first two, info and myynti, are shared; 0 means 6, the least is 3
	Customers  int // 0 means one for five deliveries
}

// An Archive is the mail of a made-up shop, not yet written: [Archive.All] writes it while it is read.
type Archive struct {
	Domain    string // the shop's own
	Staff     []Person
	Customers []Person

	cfg Config
}

const loadDomain = "kauppa.example"

var (
	loadEnd  = time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	loadSpan = 3 * 365 * 24 * time.Hour
)

// Load plans a load: who works in the shop and who writes to it.
func Load(cfg Config) *Archive {
	if cfg.Deliveries == 0 {
		cfg.Deliveries = 1000
	}
	if cfg.Mailboxes == 0 {
		cfg.Mailboxes = 6
	}
	cfg.Mailboxes = max(3, cfg.Mailboxes)
	if cfg.Customers == 0 {
		cfg.Customers = max(10, cfg.Deliveries/5)
	}
	a := &Archive{Domain: loadDomain, cfg: cfg}
	r := newRandom(cfg.Seed, 1)
	taken := map[string]bool{}
	for i := range cfg.Mailboxes {
		a.Staff = append(a.Staff, newStaff(r, i, taken))
	}
	for i := range cfg.Customers {
		a.Customers = append(a.Customers, newCustomer(r, i, taken))
	}
	return a
}

func newStaff(r random, i int, taken map[string]bool) Person {
	p := Person{ID: i + 1, Language: "fi", Role: "myyjä", Company: "Kauppa Oy", Phone: phoneNumber(r),
		client: []client{desktop, office, office, webmail}[i%4], logo: i%3 == 1}
	p.Name = pick(r, firstNames) + " " + pick(r, lastNames)
	local := strings.ReplaceAll(asciiName(p.Name), "-", ".")
	switch i {
	case 0:
		p.Name, p.Role, local = "Kaupan asiakaspalvelu", "yhteinen", "info"
	case 1:
		p.Name, p.Role, local = "Kaupan myynti", "yhteinen", "myynti"
	}
	p.Addresses = []string{unused(r, local, loadDomain, taken)}
	return p
}

func newCustomer(r random, i int, taken map[string]bool) Person {
	p := Person{ID: i + 1, Name: pick(r, firstNames) + " " + pick(r, lastNames), Phone: phoneNumber(r),
		Language: pick(r, strings.Fields("fi fi fi fi fi fi en en sv de")),
		client:   pick(r, []client{desktop, office, office, office, webmail, webmail, phone, phone, ancient, kiosk})}
	local, domain := strings.ReplaceAll(asciiName(p.Name), "-", "."), pick(r, freeDomains)
	if r.chance(0.55) {
		name := pick(r, companyFirst) + " " + pick(r, companySecond)
		p.Company = name + " " + pick(r, companyForms)
		domain = asciiName(name) + ".example"
	}
	first := unused(r, local, domain, taken)
	p.Addresses = []string{first}
	if r.chance(0.06) { // registered with capitals; RFC 5321 §2.4 lets the local part keep them, nobody means them
		p.Addresses[0] = strings.ToUpper(first[:1]) + first[1:]
	}
	if r.chance(0.12) {
		p.Addresses = append(p.Addresses, unused(r, local, pick(r, freeDomains), taken))
	}
	return p
}

// unused finds an address that nobody has, however many people share a name and a domain.
func unused(r random, local, domain string, taken map[string]bool) string {
	addr := local + "@" + domain
	for taken[addr] {
		addr = fmt.Sprintf("%s%d@%s", local, r.IntN(100_000), domain)
	}
	taken[addr] = true
	return addr
}

func phoneNumber(r random) string {
	return fmt.Sprintf("+358 40 %03d %04d", r.IntN(1000), r.IntN(10_000))
}

// All writes the deliveries, a thread at a time; memory stays flat. It may be called again and gives the same.
func (a *Archive) All() iter.Seq[Delivery] {
	return func(yield func(Delivery) bool) {
		w := &writer{Archive: a, r: newRandom(a.cfg.Seed, 2), left: a.cfg.Deliveries, yield: yield}
		w.logo = file{name: "logo.png", mediaType: "image/png", data: picture(64, 24, 3)}
		for w.left > 0 {
			w.thread++
			switch x := w.r.Float64(); {
			case x < 0.42:
				w.caseThread()
			case x < 0.50:
				w.internalThread()
			case x < 0.74:
				w.newsletter()
			case x < 0.95:
				w.notification()
			default:
				w.stranger()
			}
		}
	}
}

// writer is the state of one pass over an archive.
type writer struct {
	*Archive
	r      random
	yield  func(Delivery) bool
	left   int // deliveries still to be written; 0 as soon as the reader has had enough
	mails  int
	thread int
	lastID string // of the last mail of a case, for the duplicate
	logo   file
}

// deliver yields one copy. Received and its company are of the copy, everything below is of the mail.
func (w *writer) deliver(to Person, folder string, m *letter) {
	if w.left == 0 {
		return
	}
	d := Delivery{User: to.User(), Folder: folder, Date: m.date, Seen: folder != inbox || !w.r.chance(0.1), MessageID: m.id,
		Message: m.number, Thread: w.thread, Kind: m.kind, Direction: m.direction, Customer: m.customer, From: m.fromAddr,
		Subject: m.subject, Attached: m.attached, Defect: m.defect}
	if folder == sent {
		d.Raw = m.raw
	} else {
		d.Raw = append(transport(w.r, to.Addresses[0], m), m.raw...)
		d.Date = m.date.Add(time.Duration(2+w.r.IntN(30)) * time.Second)
	}
	w.left--
	if !w.yield(d) {
		w.left = 0
	}
}

// transport writes the fields that differ between two copies of one mail.
func transport(r random, to string, m *letter) []byte {
	envelope, via := m.fromAddr, "mail."+domainOf(m.fromAddr)
	if m.kind == KindBounce {
		envelope = "" // RFC 5321 §4.5.5: a notification has the null reverse-path
	}
	stamp := m.date.Add(time.Duration(1+r.IntN(4)) * time.Second).Format(time.RFC1123Z)
	own := domainOf(to)
	var b strings.Builder
	fmt.Fprintf(&b, "Return-Path: <%s>\r\nX-Original-To: %s\r\nDelivered-To: %s\r\n", envelope, to, to)
	fmt.Fprintf(&b, "Received: from mx.%s (mx.%s [198.51.100.%d])\r\n\tby imap.%s with LMTP id %s\r\n\tfor <%s>; %s\r\n",
		own, own, 1+r.IntN(9), own, r.base36(14), to, stamp)
	if m.direction == In {
		fmt.Fprintf(&b, "Received: from %s (%s [192.0.2.%d])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"+
			"\tby mx.%s (Postfix) with ESMTPS id %s; %s\r\n", via, via, 1+r.IntN(250), own, r.base36(11), stamp)
		fmt.Fprintf(&b, "Authentication-Results: mx.%s; dkim=pass header.d=%s; spf=pass smtp.mailfrom=%s\r\n",
			own, domainOf(m.fromAddr), domainOf(m.fromAddr))
	}
	return []byte(b.String())
}
