package mailgen

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// telling is a story as it happens once, to one customer.
type telling struct {
	story     *story
	customer  Person // the zero Person when there is none
	addr      string // the customer's, in this conversation
	due       time.Time
	departure time.Time
	number    int // of the booking
	thread    int
	folder    string // where the staff file it when it is old
	told      int    // how many steps have been written
	last      *note  // the last mail, to answer
	answer    *note  // the last mail of the staff, to bounce or to auto-reply to
}

func (t *telling) more() bool { return t.told < len(t.story.steps) }
func (t *telling) next() step { return t.story.steps[t.told] }

// note is a mail of the sample company.
type note struct {
	letter
	rich    bool   // with HTML beside the text
	sign    string // the signature block, below the text
	signed  bool   // the HTML shows the logo
	files   []file
	display string // the text and the quote
}

// play writes the next mail of a telling at a time, and sets when the one after it is due.
func (f *Firm) play(t *telling, at, now time.Time) []Delivery {
	st := t.next()
	t.told++
	n := f.compose(t, st, helsinki(at))
	f.mails++
	n.number = f.mails
	f.render(n)
	if t.more() {
		t.due = f.after(t, at)
	}
	if t.story.kind != KindNewsletter && n.kind != KindBounce && n.kind != KindAutoReply {
		t.last = n
	}
	if n.direction == Out {
		t.answer = n
	}
	return f.distribute(t, st, n, now)
}

// after is when the next step happens: its delay with some spread, moved into office hours when the staff write.
func (f *Firm) after(t *telling, at time.Time) time.Time {
	st := t.next()
	if t.story.every > 0 {
		return at.Add(t.story.every + time.Duration(f.r.IntN(90)-45)*time.Minute)
	}
	spread := time.Duration(float64(st.delay)*(0.7+0.7*f.r.Float64())) + time.Duration(f.r.IntN(50))*time.Second
	due := helsinki(at.Add(spread.Truncate(time.Second))) // mail has no fractions
	switch st.actor {
	case "auto", "bounce":
		return at.Add(20 * time.Second)
	case "in":
		if due.Hour() < 7 {
			due = due.Add(time.Duration(7-due.Hour()) * time.Hour)
		}
		return due
	}
	if st.delay < time.Hour {
		return due // somebody was at the desk, or on call
	}
	for due.Weekday() == time.Saturday || due.Weekday() == time.Sunday || due.Hour() < 8 || due.Hour() >= 17 {
		day := due
		if due.Hour() >= 17 || due.Weekday() == time.Saturday || due.Weekday() == time.Sunday {
			day = due.AddDate(0, 0, 1)
		}
		due = helsinki(time.Date(day.Year(), day.Month(), day.Day(), 8, 5+f.r.IntN(50), f.r.IntN(60), 0, due.Location()))
	}
	return due
}

// compose decides who writes what to whom.
func (f *Firm) compose(t *telling, st step, at time.Time) *note {
	s := t.story
	n := &note{letter: letter{kind: s.kind, customer: t.customer.ID, date: at, direction: In}}
	switch {
	case st.actor == "bounce":
		return f.composeBounce(t, n)
	case s.kind == KindInternal:
		f.composeInternal(t, st, n)
	case st.actor == "out":
		f.composeAnswer(t, st, n)
	case s.from != "":
		f.composeForeign(t, n)
	default:
		f.composeCustomer(t, st, n)
	}
	f.say(t, st, n)
	return n
}

func (f *Firm) composeCustomer(t *telling, st step, n *note) {
	n.from, n.fromAddr = t.customer, t.addr
	n.rich = t.customer.client != desktop
	if t.customer.Company != "" && t.customer.client != phone { // phones write no signature block
		n.sign = fmt.Sprintf("%s\n%s\n%s\n%s", t.customer.Name, t.customer.Role, t.customer.Company, t.customer.Phone)
	}
	n.to = []string{f.staffMailbox(t.owner(st), t.customer.client)}
	if t.told == 1 && st.options["to"] == "info" {
		n.to = []string{f.Shared}
	}
	if cc := st.options["cc"]; cc != "" {
		n.cc = []string{f.staffMailbox(cc, t.customer.client)}
	}
	if st.actor == "auto" {
		n.kind = KindAutoReply
		n.extra = []field{{"Auto-Submitted", "auto-replied"}, {"X-Auto-Response-Suppress", "All"}}
	}
}

func (f *Firm) composeAnswer(t *telling, st step, n *note) {
	n.direction = Out
	f.byStaff(t.owner(st), t.customer.Language, n)
	n.to = []string{n.from.client.mailbox(t.customer.Name, t.addr)}
	if cc := st.options["cc"]; cc != "" {
		n.cc = []string{f.staffMailbox(cc, n.from.client)}
	}
}

func (f *Firm) composeInternal(t *telling, st step, n *note) {
	n.direction = Internal
	f.byStaff(st.actor, "fi", n)
	n.sign, n.rich = "", false
	for _, key := range t.story.with {
		if key != st.actor {
			n.to = append(n.to, f.staffMailbox(key, n.from.client))
		}
	}
}

// composeForeign is a newsletter, a notification, or a stranger.
func (f *Firm) composeForeign(t *telling, n *note) {
	name, addr, _ := strings.Cut(strings.TrimSuffix(t.story.from, ">"), " <")
	n.from, n.fromAddr, n.rich = Person{Name: name, Language: "fi", client: webmail}, addr, true
	for _, key := range t.story.with {
		n.to = append(n.to, f.staffMailbox(key, webmail))
	}
	domain := domainOf(addr)
	switch t.story.kind {
	case KindNewsletter:
		n.extra = []field{
			{"List-Id", "<" + t.story.id + "." + domain + ">"},
			{"List-Unsubscribe", fmt.Sprintf("<https://%s/peru/%s>", domain, f.r.hex(20))},
			{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
			{"Precedence", "bulk"},
		}
	case KindNotification:
		n.extra = []field{{"Auto-Submitted", "auto-generated"}}
		if t.addr != "" {
			n.extra = append(n.extra, field{"Reply-To", t.addr})
		}
	}
}

// byStaff makes a member of staff the author, with the signature in the customer's language.
func (f *Firm) byStaff(key, lang string, n *note) {
	p := f.Staff[f.staffKeys[key]]
	n.from, n.fromAddr, n.rich, n.signed = p, p.Addresses[0], p.client != desktop, p.logo
	role := p.Role
	if lang != "fi" {
		role = map[string]string{"Toimitusjohtaja": "Managing Director", "Matkasuunnittelija": "Travel Designer",
			"Kansainväliset matkat": "International Travel", "Asiakaspalvelu ja laskutus": "Customer Service and Invoicing"}[role]
	}
	n.sign = fmt.Sprintf("%s\n%s\n%s\nKirkkokatu 12, 90100 Oulu\n%s\nwww.%s", p.Name, role, f.Name, p.Phone, f.Domain)
}

// owner is the key of the member of staff who plays in a step.
func (t *telling) owner(st step) string {
	if as := st.options["as"]; as != "" {
		return as
	}
	return t.story.with[0]
}

func (f *Firm) staffMailbox(key string, c client) string {
	p := f.Staff[f.staffKeys[key]]
	return c.mailbox(p.Name, p.Addresses[0])
}

// say puts the words, the subject, the quote and the attachments.
func (f *Firm) say(t *telling, st step, n *note) {
	n.text = f.tell(t, n.date, f.recast(t, st.text))
	n.subject = f.tell(t, n.date, t.story.subject)
	own, rest, ok := strings.Cut(n.text, "\n")
	if subject, found := strings.CutPrefix(own, "Subject: "); found && ok {
		n.subject, n.text = subject, strings.TrimSpace(rest)
	} else if t.last != nil {
		n.parent = &t.last.letter
		n.subject = replySubject(t.last.subject, t.language(), n.from.client)
		n.quote = t.last.quotedBy(n.from.client, t.language())
	}
	if st.actor == "auto" {
		n.parent, n.quote = &t.answer.letter, ""
		n.subject = map[string]string{"fi": "Automaattinen vastaus: ", "en": "Automatic reply: ", "sv": "Autosvar: ", "de": "Automatische Antwort: "}[t.language()] + t.answer.subject
	}
	if n.from.client == phone && n.direction == In {
		n.text += "\n\n" + map[string]string{"fi": "Lähetetty iPhonesta", "en": "Sent from my iPhone", "sv": "Skickat från min iPhone", "de": "Von meinem iPhone gesendet"}[t.language()]
	}
	n.files = f.attachments(t, st, n)
	n.attached = len(n.files)
}

// quotedBy is the note as the next writer's program repeats it, at most three mails deep.
func (n *note) quotedBy(c client, lang string) string {
	const limit = 6000
	text := n.display
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + " …"
	}
	return quoteHead(n.from.Name, n.fromAddr, n.subject, helsinki(n.date), c, lang, text)
}

func (t *telling) language() string {
	if t.customer.Language != "" {
		return t.customer.Language
	}
	return "fi"
}

// recast puts the player's name where the story has the name of the customer it was written for.
func (f *Firm) recast(t *telling, text string) string {
	id, ok := f.keys[t.story.who]
	if !ok || id == t.customer.ID {
		return text
	}
	written := f.Customers[id-1]
	return strings.NewReplacer(written.Name, t.customer.Name, written.First(), t.customer.First()).Replace(text)
}

// tell fills the slots and chooses among the alternatives of a text.
func (f *Firm) tell(t *telling, at time.Time, text string) string {
	var b strings.Builder
	for text != "" {
		i := strings.IndexAny(text, "{[")
		if i < 0 {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:i])
		inside, after, _ := strings.Cut(text[i+1:], map[byte]string{'{': "}", '[': "]"}[text[i]])
		if text[i] == '[' {
			after = pick(f.r, strings.Split(inside, "|")) + after // an alternative may hold slots
		} else {
			word := f.slot(t, at, inside)
			b.WriteString(word)
			if strings.HasSuffix(word, ".") && !strings.HasPrefix(after, "...") {
				after = strings.TrimPrefix(after, ".") // a Finnish date ends in a stop, and one is enough
			}
		}
		text = after
	}
	return b.String()
}

func (f *Firm) slot(t *telling, at time.Time, name string) string {
	name, plus, _ := strings.Cut(name, "+")
	days, _ := strconv.Atoi(plus) // no number means no days
	switch name {
	case "first":
		return t.customer.First()
	case "name":
		return t.customer.Name
	case "company":
		return t.customer.Company
	case "staff":
		return f.Staff[f.staffKeys[t.owner(t.story.steps[max(0, t.told-1)])]].First()
	case "no":
		return strconv.Itoa(t.number)
	case "year":
		return strconv.Itoa(t.departure.Year())
	case "trip":
		return dayIn(t.language(), t.departure.AddDate(0, 0, days))
	case "day":
		return dayIn(t.language(), at.AddDate(0, 0, days))
	}
	return "{" + name + "}" // the tests look for these
}

// dayIn writes a date as a letter does.
func dayIn(lang string, d time.Time) string {
	switch lang {
	case "en":
		return d.Format("2 January")
	case "sv":
		return fmt.Sprintf("%d %s", d.Day(), strings.Fields("januari februari mars april maj juni juli augusti september oktober november december")[d.Month()-1])
	case "de":
		return fmt.Sprintf("%d. %s", d.Day(), strings.Fields("Januar Februar März April Mai Juni Juli August September Oktober November Dezember")[d.Month()-1])
	}
	return d.Format("2.1.")
}
