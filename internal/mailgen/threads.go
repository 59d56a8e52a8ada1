package mailgen

import (
	"fmt"
	"html"
	"strings"
	"time"
)

const quoteLimit = 8000 // bytes: people do cut long quotes, at last

// start is a moment at which somebody begins to write, anywhere in the span.
func (w *writer) start() time.Time {
	return loadEnd.Add(-time.Duration(w.r.Int64N(int64(loadSpan)))).Truncate(time.Second)
}

func (w *writer) colleagues() []Person { return w.Staff[min(2, len(w.Staff)-1):] }

// conversation is a case as it goes on.
type conversation struct {
	customer Person
	addr     string // the customer's, in this conversation
	staff    Person
	folder   string // where the staff keep it
	subject  string
	date     time.Time
	last     *letter
}

// caseThread is a conversation between a customer and the staff.
func (w *writer) caseThread() {
	r := w.r
	cu := w.Customers[r.skewed(len(w.Customers))]
	c := &conversation{customer: cu, addr: pick(r, cu.Addresses), staff: pick(r, w.colleagues()), date: w.start(),
		folder: pick(r, []string{inbox, inbox, inbox, inbox, inbox, archive, customers, important}), subject: fill(r, pick(r, subjects[cu.Language]))}
	fromCustomer := !r.chance(0.15)
	for w.left > 0 {
		if fromCustomer {
			w.customerWrites(c)
		} else {
			w.staffWrite(c)
		}
		if !r.chance(0.66) {
			return
		}
		if !r.chance(0.18) { // now and then somebody writes twice
			fromCustomer = !fromCustomer
		}
		if c.date = c.date.Add(r.about(4*time.Hour, 1.6)); c.date.After(loadEnd) {
			c.date = loadEnd
		}
	}
}

func (w *writer) customerWrites(c *conversation) {
	r, cu := w.r, c.customer
	l := w.reply(c, cu, c.addr)
	l.direction = In
	if r.chance(0.03) { // the same mailbox in other letters; RFC 1035 §2.3.3 for the domain
		l.fromAddr = c.addr[:strings.IndexByte(c.addr, '@')] + "@" + strings.ToUpper(domainOf(c.addr))
	}
	receivers := []Person{c.staff}
	if c.last == nil && r.chance(0.35) {
		receivers[0] = w.Staff[r.IntN(2)]
	}
	l.to = []string{cu.client.mailbox(receivers[0].Name, receivers[0].Addresses[0])}
	if second := pick(r, w.colleagues()); r.chance(0.12) && second.ID != receivers[0].ID {
		l.cc = []string{cu.client.mailbox(second.Name, second.Addresses[0])}
		receivers = append(receivers, second)
	}
	l.htmlOnly = cu.client == phone && r.chance(0.06)
	l.plainOnly = r.chance(0.2)
	l.loseRefs = cu.client == ancient || r.chance(0.04)
	l.loseAll = r.chance(0.02)
	l.attached = w.attachments()
	w.write(l)
	for i, p := range receivers {
		folder := inbox
		if i == 0 && p.ID == c.staff.ID {
			folder = c.folder
		}
		w.deliver(p, folder, l)
	}
	c.last = l
}

func (w *writer) staffWrite(c *conversation) {
	r := w.r
	l := w.reply(c, c.staff, c.staff.Addresses[0])
	l.direction = Out
	l.to = []string{c.staff.client.mailbox(c.customer.Name, c.addr)}
	second := pick(r, w.colleagues())
	copied := r.chance(0.1) && second.ID != c.staff.ID
	if copied {
		l.cc = []string{c.staff.client.mailbox(second.Name, second.Addresses[0])}
	}
	l.attached = w.attachments()
	w.write(l)
	w.deliver(c.staff, sent, l)
	if copied {
		w.deliver(second, inbox, l)
	}
	c.last = l
	switch x := r.Float64(); {
	case x < 0.05:
		w.autoReply(c)
	case x < 0.062:
		w.bounce(c)
	}
}

// reply is the next letter of a conversation, with its subject, greeting, signature and quote.
func (w *writer) reply(c *conversation, from Person, addr string) *letter {
	r, lang := w.r, c.customer.Language
	l := &letter{kind: KindCase, customer: c.customer.ID, from: from, fromAddr: addr, subject: c.subject, date: c.date, parent: c.last}
	l.text = greetings[lang] + "\n\n" + paragraphs(r, lang, 1+r.IntN(4)) + w.signature(from, lang)
	if c.last != nil {
		l.subject = replySubject(c.last.subject, lang, from.client)
		if !r.chance(0.14) {
			l.quote = quoted(c.last, from.client, lang)
		}
	}
	if r.chance(0.01) {
		l.subject = fill(r, pick(r, subjects[lang])) // another matter under the same References
	}
	return l
}

func (w *writer) attachments() int {
	if !w.r.chance(0.15) {
		return 0
	}
	return 1 + w.r.skewed(4)
}

func (w *writer) signature(p Person, lang string) string {
	if p.Company == "" {
		return "T. " + p.Name + "\n"
	}
	return fmt.Sprintf("%s\n\n-- \n%s\n%s\n%s\n", regards[lang], p.Name, p.Company, p.Phone)
}

// replySubject puts the prefix of the language and the program, once.
func replySubject(s, lang string, c client) string {
	for _, p := range []string{"Re: ", "VS: ", "SV: ", "AW: "} {
		if strings.HasPrefix(s, p) {
			return s
		}
	}
	switch {
	case c == office && lang == "fi":
		return "VS: " + s
	case c == office && lang == "sv":
		return "SV: " + s
	case lang == "de":
		return "AW: " + s
	}
	return "Re: " + s
}

// quoted is the parent as the program of the answer repeats it.
func quoted(parent *letter, c client, lang string) string {
	text := parent.text
	if parent.quote != "" {
		text += "\n" + parent.quote
	}
	if len(text) > quoteLimit {
		text = strings.ToValidUTF8(text[:quoteLimit], "")
	}
	return quoteHead(parent.from.Name, parent.fromAddr, parent.subject, helsinki(parent.date), c, lang, text)
}

// quoteHead writes the line or the block that introduces a quote, and the quote.
func quoteHead(name, addr, subject string, d time.Time, c client, lang, text string) string {
	if c == office {
		labels := map[string][4]string{"fi": {"Lähettäjä", "Lähetetty", "Aihe", "Alkuperäinen viesti"}, "en": {"From", "Sent", "Subject", "Original Message"},
			"sv": {"Från", "Skickat", "Ämne", "Ursprungligt meddelande"}, "de": {"Von", "Gesendet", "Betreff", "Ursprüngliche Nachricht"}}[lang]
		return fmt.Sprintf("-----%s-----\n%s: %s <%s>\n%s: %s\n%s: %s\n\n%s", labels[3], labels[0], name, addr, labels[1],
			d.Format("2.1.2006 15.04"), labels[2], subject, text)
	}
	var intro string
	switch lang {
	case "fi":
		intro = fmt.Sprintf("%s kirjoitti %s klo %s:\n", name, d.Format("2.1.2006"), d.Format("15.04"))
	case "sv":
		intro = fmt.Sprintf("Den %s skrev %s:\n", d.Format("2006-01-02 kl. 15:04"), name)
	case "de":
		intro = fmt.Sprintf("Am %s schrieb %s:\n", d.Format("02.01.2006 um 15:04"), name)
	default:
		intro = fmt.Sprintf("On %s, %s <%s> wrote:\n", d.Format("Mon, Jan 2, 2006 at 15:04"), name, addr)
	}
	return intro + quoteLines(wrap(text, 72, false))
}

func (w *writer) autoReply(c *conversation) {
	r, cu := w.r, c.customer
	l := &letter{kind: KindAutoReply, direction: In, customer: cu.ID, from: cu, fromAddr: c.addr, to: []string{c.staff.Addresses[0]},
		subject: pick(r, []string{"Automaattinen vastaus: ", "Automatic reply: ", "Poissa: "}) + c.last.subject,
		date:    c.last.date.Add(20 * time.Second), parent: c.last, plainOnly: true,
		text:  "Hei, olen lomalla ja palaan töihin maanantaina.\n\n" + w.signature(cu, "fi"),
		extra: []field{{"Auto-Submitted", "auto-replied"}, {"X-Auto-Response-Suppress", "All"}, {"Precedence", "auto_reply"}}}
	w.deliver(c.staff, inbox, w.write(l))
}

func (w *writer) bounce(c *conversation) {
	const mta = "mx." + loadDomain
	at := c.last.date.Add(3 * time.Second)
	w.mails++
	l := &letter{kind: KindBounce, direction: In, customer: c.customer.ID, fromAddr: "MAILER-DAEMON@" + mta, subject: bounceSubject,
		date: at, number: w.mails, id: w.r.hex(20) + "@" + mta}
	if c.last.defect == RawHeader { // the notification repeats the header, and with it the defect
		l.defect = RawHeader
	}
	var b strings.Builder
	for _, f := range bounceFields(mta, c.staff.Addresses[0], l.id, helsinki(at)) {
		b.WriteString(f.name + ": " + f.value + "\r\n")
	}
	l.raw = append([]byte(b.String()), bounceBody(w.r.hex(20), mta, c.addr, helsinki(at), c.last.raw)...)
	w.deliver(c.staff, inbox, l)
}

// internalThread is staff among themselves: every mail lands in several mailboxes.
func (w *writer) internalThread() {
	r := w.r
	people := append([]Person{}, w.colleagues()...)
	if len(people) < 2 {
		people = append([]Person{}, w.Staff...)
	}
	r.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	people = people[:2+r.IntN(min(3, len(people)-1))]
	subject := fill(r, pick(r, []string{"Viikkopalaveri", "Kampanja: {p}", "Lomalista", "Varastotilanne {c}", "Hinnasto päivitetty", "Budjetti"}))
	date := w.start()
	var last *letter
	for w.left > 0 {
		from := pick(r, people)
		l := &letter{kind: KindInternal, direction: Internal, from: from, fromAddr: from.Addresses[0], subject: subject, date: date,
			parent: last, attached: w.attachments(), text: "Moi,\n\n" + paragraphs(r, "fi", 1+r.IntN(3)) + "T. " + from.First() + "\n"}
		if last != nil {
			l.subject = replySubject(last.subject, "fi", from.client)
			l.quote = quoted(last, from.client, "fi")
		}
		for _, p := range people {
			if p.ID != from.ID {
				l.to = append(l.to, from.client.mailbox(p.Name, p.Addresses[0]))
			}
		}
		w.write(l)
		w.deliver(from, sent, l)
		for _, p := range people {
			if p.ID != from.ID {
				w.deliver(p, inbox, l)
			}
		}
		if last = l; !r.chance(0.45) {
			return
		}
		date = date.Add(r.about(time.Hour, 1.3))
	}
}

// newsletter is one of forty lists; now and then two people have subscribed.
func (w *writer) newsletter() {
	r := w.r
	list := r.IntN(40)
	domain := fmt.Sprintf("uutiset%d.example", list)
	lang := []string{"fi", "fi", "fi", "en", "en", "sv"}[list%6]
	from := Person{Name: companyFirst[list%len(companyFirst)] + " " + companySecond[list%len(companySecond)] + " uutiskirje", Language: lang,
		client: []client{phone, webmail, desktop}[list%3]}
	to := pick(r, w.Staff)
	l := &letter{kind: KindNewsletter, direction: In, from: from, fromAddr: "noreply@" + domain, to: []string{to.Addresses[0]},
		subject: fill(r, pick(r, sentences[lang])), date: w.start()}
	l.text, l.html = w.issue(domain, lang)
	l.extra = []field{
		{"List-Id", fmt.Sprintf("<kirje%d.%s>", list, domain)},
		{"List-Unsubscribe", fmt.Sprintf("<https://click.%s/u/%s>,\r\n <mailto:unsub@%s>", domain, r.hex(30), domain)},
		{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}, // RFC 8058 §3.1
		{"Precedence", "bulk"},
	}
	w.write(l)
	w.deliver(to, inbox, l)
	if second := pick(r, w.Staff); r.chance(0.15) && second.ID != to.ID {
		w.deliver(second, inbox, l)
	}
}

func (w *writer) issue(domain, lang string) (text, page string) {
	r := w.r
	var t, h strings.Builder
	h.WriteString("<!DOCTYPE html><html><head><style>td{font-family:Arial,sans-serif;padding:16px}</style></head><body>\n<table role=\"presentation\" width=\"100%\">\n")
	for range 4 + r.IntN(14) {
		title, story, link := fill(r, pick(r, sentences[lang])), fill(r, pick(r, sentences[lang])), "https://click."+domain+"/c/"+r.hex(32)
		fmt.Fprintf(&t, "%s\n%s\n%s\n\n", title, story, link)
		fmt.Fprintf(&h, "<tr><td style=\"border-bottom:1px solid #eeeeee\"><a href=\"%s?utm_source=kirje&amp;utm_medium=email\"><img src=\"https://img.%s/%s.jpg\" width=\"560\" alt=\"\" style=\"display:block;border:0\"></a>"+
			"<h2 style=\"font-size:20px;line-height:26px;margin:0\">%s</h2><p style=\"font-size:15px\">%s</p></td></tr>\n",
			link, domain, r.hex(12), html.EscapeString(title), html.EscapeString(story))
	}
	h.WriteString("</table></body></html>\n")
	return t.String(), h.String()
}

// notification is an order from the web shop: a program writes, only Reply-To knows the customer.
func (w *writer) notification() {
	r := w.r
	cu, to := w.Customers[r.skewed(len(w.Customers))], w.Staff[r.IntN(2)]
	ref := slotText(r, "r")
	var b strings.Builder
	fmt.Fprintf(&b, "Uusi tilaus %s\nAsiakas: %s <%s>\n\n", ref, cu.Name, cu.Addresses[0])
	for range 1 + r.IntN(6) {
		fmt.Fprintf(&b, "%2d x %s, %s\n", 1+r.IntN(5), pick(r, products), slotText(r, "e"))
	}
	l := &letter{kind: KindNotification, direction: In, customer: cu.ID, from: Person{Name: "Verkkokauppa", Language: "fi", client: pick(r, []client{desktop, webmail, phone})},
		fromAddr: "tilaukset@verkkokauppa.example", to: []string{to.Addresses[0]}, subject: "Uusi tilaus " + ref, date: w.start(), text: b.String(),
		extra: []field{{"Auto-Submitted", "auto-generated"}, {"Reply-To", cu.Addresses[0]}}}
	w.deliver(to, inbox, w.write(l))
}

// stranger writes once, gets no answer, and must not become a customer by it.
func (w *writer) stranger() {
	r := w.r
	p := Person{Name: pick(r, firstNames) + " " + pick(r, lastNames), Language: pick(r, []string{"fi", "en"}), client: client(r.IntN(6))}
	to := pick(r, w.Staff)
	l := &letter{kind: KindStranger, direction: In, from: p, fromAddr: fmt.Sprintf("%s@tuntematon%d.example", asciiName(p.First()), w.thread),
		to: []string{to.Addresses[0]}, subject: fill(r, pick(r, subjects[p.Language])), date: w.start(), text: greetings[p.Language] + "\n\n" + paragraphs(r, p.Language, 2) + p.Name + "\n"}
	w.deliver(to, inbox, w.write(l))
}
