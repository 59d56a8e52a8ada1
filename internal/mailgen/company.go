package mailgen

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// history is how far back the sample company's mail goes.
const history = 425 * 24 * time.Hour

// A Firm is the sample company, with the mail it has, and more to come.
type Firm struct {
	Name      string
	Domain    string
	Shared    string // the address on the web site; its mail arrives at Mikko's, and a copy at Antti's
	Staff     []Person
	Customers []Person   // everybody who writes or will write, in the order of their ids
	Mail      []Delivery // in the order of arrival

	r         random
	staffKeys map[string]int // index in Staff
	keys      map[string]int // of customers.txt: Person.ID
	newcomers int            // how many of the last customers have not written yet
	open      []*telling     // conversations that go on after the end of Mail
	tellings  map[string]int // how often each story has been told
	mails     int
	threads   int
}

// Company makes the sample company as it stands at now: about fourteen months of mail, denser towards the end, the
// last of it a few minutes old.
func Company(seed uint64, now time.Time) *Firm {
	f := newFirm(seed)
	now = now.Truncate(time.Second)
	var tellings []*telling
	for _, s := range stories() {
		for n := range s.times {
			start := f.startOf(s, now)
			tellings = append(tellings, f.begin(s, start, n))
		}
	}
	f.bringToday(tellings, now)
	slices.SortStableFunc(tellings, func(a, b *telling) int { return a.due.Compare(b.due) })
	for _, t := range tellings {
		for t.more() && t.due.Before(now.Add(-2*time.Minute)) {
			f.Mail = append(f.Mail, f.play(t, t.due, now)...)
		}
		if t.more() && t.story.kind != KindNewsletter {
			f.open = append(f.open, t)
		}
	}
	slices.SortStableFunc(f.Mail, func(a, b Delivery) int { return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Message, b.Message)) })
	return f
}

func newFirm(seed uint64) *Firm {
	const domain = "lumipolku.example"
	f := &Firm{Name: "Lumipolku Matkat Oy", Domain: domain, Shared: "info@" + domain, r: newRandom(seed, 3), staffKeys: map[string]int{}, tellings: map[string]int{}}
	for i, p := range []Person{
		{Name: "Helena Karppinen", Role: "Toimitusjohtaja", Phone: "+358 40 555 0111", client: office, logo: true},
		{Name: "Antti Rautio", Role: "Matkasuunnittelija", Phone: "+358 40 555 0112", client: desktop},
		{Name: "Sofia Lindqvist", Role: "Kansainväliset matkat", Phone: "+358 40 555 0113", client: webmail, logo: true},
		{Name: "Mikko Heikkinen", Role: "Asiakaspalvelu ja laskutus", Phone: "+358 40 555 0114", client: office},
	} {
		p.ID, p.Company, p.Language = i+1, f.Name, "fi"
		p.Addresses = []string{strings.ReplaceAll(asciiName(p.Name), "-", ".") + "@" + domain}
		f.Staff = append(f.Staff, p)
		f.staffKeys[asciiName(p.First())] = i
	}
	known, newcomers, keys := customerBook()
	f.Customers, f.newcomers, f.keys = append(known, newcomers...), len(newcomers), keys
	return f
}

// startOf chooses when a story began: in its season, on a day and at an hour when people write, rather late than early.
func (f *Firm) startOf(s *story, now time.Time) time.Time {
	if s.kind == KindNewsletter { // its last issue came within the last interval
		t := helsinki(now.Add(-s.every*time.Duration(len(s.steps)-1) - f.r.about(s.every/3, 0.4)))
		return time.Date(t.Year(), t.Month(), t.Day(), 8+f.r.IntN(3), f.r.IntN(60), f.r.IntN(60), 0, t.Location())
	}
	var best time.Time
	for range 40 {
		u := f.r.Float64()
		t := now.Add(-time.Duration(u * u * float64(history-24*time.Hour))).Add(-4 * time.Hour)
		t = helsinki(t)
		t = time.Date(t.Year(), t.Month(), t.Day(), 7+f.r.IntN(15), f.r.IntN(60), f.r.IntN(60), 0, t.Location())
		if t.After(now.Add(-s.settled())) || !s.inSeason(t.Month()) {
			continue
		}
		best = t
		if s.kind != KindInternal || t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			return best
		}
	}
	if best.IsZero() { // a season so short that no draw met it
		best = now.Add(-5 * time.Hour)
		for !s.inSeason(best.Month()) {
			best = best.AddDate(0, 0, -3)
		}
	}
	return best
}

// bringToday moves a few stories that fit every season to the last days and minutes, so that the first page a visitor
// sees has something fresh, and conversations wait for an answer.
func (f *Firm) bringToday(tellings []*telling, now time.Time) {
	ages := []time.Duration{4 * time.Minute, 21 * time.Minute, 50 * time.Minute, 2 * time.Hour, 5 * time.Hour, 20 * time.Hour,
		26 * time.Hour, 31 * time.Hour, 47 * time.Hour, 52 * time.Hour, 70 * time.Hour, 76 * time.Hour}
	for _, i := range f.r.Perm(len(tellings)) {
		t := tellings[i]
		if len(ages) == 0 {
			return
		}
		if t.story.kind != KindCase || t.story.settled() > 24*time.Hour || !t.story.inSeason(now.Month()) || t.story.steps[0].actor != "in" {
			continue
		}
		t.due = now.Add(-ages[0])
		t.departure = t.story.departure(t.due)
		ages = ages[1:]
	}
}

// begin prepares a telling of a story; n counts the tellings of the same story before it.
func (f *Firm) begin(s *story, start time.Time, n int) *telling {
	f.tellings[s.id]++
	t := &telling{story: s, due: start, departure: s.departure(start), number: 2400 + f.r.IntN(7000)}
	if s.who != "" {
		cu := f.cast(s, n)
		t.customer, t.addr = cu, cu.Addresses[0]
		if len(cu.Addresses) > 1 && f.r.chance(0.4) {
			t.addr = cu.Addresses[1]
		}
	}
	f.threads++
	t.thread = f.threads
	t.folder = pick(f.r, []string{archive, archive, customers, customers, inbox})
	return t
}

// cast finds who plays the customer: the named one, or, for "*fi" and "*fi org" and when a story is told again, one of
// that language and sort.
func (f *Firm) cast(s *story, n int) Person {
	if id, ok := f.keys[s.who]; ok && n == 0 {
		return f.Customers[id-1]
	}
	lang, org := f.role(s)
	var fitting []Person
	for _, p := range f.Customers[:len(f.Customers)-f.newcomers] {
		if p.Language == lang && (p.Company != "") == org {
			fitting = append(fitting, p)
		}
	}
	return pick(f.r, fitting) // never empty: the tests tell every story
}

// role is the language and the sort (organisation or not) of the customer of a story.
func (f *Firm) role(s *story) (lang string, org bool) {
	if id, ok := f.keys[s.who]; ok {
		return f.Customers[id-1].Language, f.Customers[id-1].Company != ""
	}
	lang, sort, _ := strings.Cut(strings.TrimPrefix(s.who, "*"), " ")
	return lang, sort == "org"
}

// Next is what arrives next: always a new mail in somebody's INBOX, and sometimes a colleague's answer in Sent before
// it. It never runs dry: conversations go on, and new ones begin with other people. Not for concurrent use.
func (f *Firm) Next(now time.Time) []Delivery {
	now = now.Truncate(time.Second)
	var out []Delivery
	if t := f.waiting(true); t != nil && f.r.chance(0.5) {
		out = append(out, f.play(t, now.Add(-time.Second), now)...)
	}
	t := f.waiting(false)
	if t == nil || f.r.chance(0.45) || f.mails%5 == 0 {
		t = f.beginNow(now)
	}
	return append(out, f.play(t, now, now)...)
}

// waiting finds the conversation that has waited longest for its next mail: from the staff to the customer, or else
// one that will land in an INBOX. Finished ones are forgotten here.
func (f *Firm) waiting(answer bool) *telling {
	f.open = slices.DeleteFunc(f.open, func(t *telling) bool { return !t.more() })
	const many = 60
	if len(f.open) > many {
		f.open = f.open[len(f.open)-many:] // memory stays flat: the oldest stories are never finished, as in life
	}
	var found *telling
	for _, t := range f.open {
		if (t.next().actor == "out") == answer && (found == nil || t.due.Before(found.due)) {
			found = t
		}
	}
	return found
}

// beginNow starts a story that begins with a mail from outside: one that has been told least often.
func (f *Firm) beginNow(now time.Time) *telling {
	var fitting []*story
	for _, s := range stories() {
		told := f.tellings[s.id]
		if s.kind != KindCase || s.steps[0].actor != "in" || !s.inSeason(helsinki(now).Month()) || s.once && told > 0 {
			continue
		}
		if len(fitting) > 0 && told > f.tellings[fitting[0].id] {
			continue
		}
		if len(fitting) > 0 && told < f.tellings[fitting[0].id] {
			fitting = fitting[:0]
		}
		fitting = append(fitting, s)
	}
	s := pick(f.r, fitting)
	t := f.begin(s, now, f.tellings[s.id])
	f.open = append(f.open, t)
	return t
}
