package mailgen

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The stories of the sample company stand in stories/*.txt, so that who writes them needs no Go. A story:
//
//	## northern-lights
//	who: tuula                  a key of customers.txt; "*fi" or "*fi org" is any customer of that language and sort
//	with: antti                 who answers; for internal mail, newsletters and notifications who gets it, "a, b"
//	months: 9-12                when it may begin (optional)
//	trip: 02-12                 the day of departure, month-day; the next one at least three weeks away (optional)
//	kind: case                  or internal, newsletter, notification, stranger
//	from: Name <address>        for newsletters, notifications and strangers
//	every: 30d                  for newsletters: the time between issues
//	times: 3                    how often it is told at the start (1), each time by another customer
//	again: no                   it fits nobody but its customer, so it is told once (optional)
//	subject: Northern lights in Inari
//
//	@in +0 pdf=A_name.pdf       a mail of the customer, its delay after the previous one, and what is attached
//	@out +3h cc=helena          an answer by the staff
//	@antti +1h                  internal mail, by its author
//	@auto                       the customer's out-of-office notice
//	@bounce                     the last answer comes back undeliverable
//
// The text follows its @ line. Slots: {first} {name} {company} {staff} (given names) {no} (booking number) {trip}
// {trip+4} {year} (of the trip) {day+7} (from the day of writing) and [one|another|a third], of which one is chosen.
// A text that begins with "Subject: ..." has that subject instead of a reply's.
type story struct {
	id, who, from, subject string
	with                   []string
	kind                   Kind
	first, last            time.Month // when it may begin; January to December by default, may wrap around
	tripMonth              time.Month // 0 when there is no trip
	tripDay                int
	every                  time.Duration
	times                  int
	once                   bool
	steps                  []step
}

// step is one mail of a story.
type step struct {
	actor   string // "in", "out", "auto", "bounce" or a key of the staff
	delay   time.Duration
	options map[string]string
	text    string
}

//go:embed stories/*.txt
var storyFiles embed.FS

// stories are all stories in the order of their files; a mistake in them is found by the tests.
var stories = sync.OnceValue(func() []*story {
	var all []*story
	entries, err := storyFiles.ReadDir("stories")
	if err != nil {
		panic(err) // not reachable: the folder is embedded
	}
	for _, e := range entries {
		if e.Name() == "customers.txt" {
			continue
		}
		found, err := parseStories(storyText(e.Name()))
		if err != nil {
			panic("mailgen: " + e.Name() + ": " + err.Error()) // the texts are part of the program
		}
		all = append(all, found...)
	}
	return all
})

func storyText(name string) string {
	data, err := storyFiles.ReadFile("stories/" + name)
	if err != nil {
		panic(err) // not reachable, as above
	}
	return string(data)
}

func parseStories(text string) ([]*story, error) {
	var all []*story
	for i, block := range strings.Split("\n"+text, "\n## ") {
		if i == 0 {
			continue // what stands before the first story is for people
		}
		s, err := parseStory(block)
		if err != nil {
			return nil, fmt.Errorf("story %q: %w", s.id, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func parseStory(block string) (*story, error) {
	parts := strings.Split(block, "\n@")
	head := strings.Split(parts[0], "\n")
	s := &story{id: strings.TrimSpace(head[0]), kind: KindCase, times: 1, first: time.January, last: time.December}
	for _, line := range head[1:] {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		if err := s.set(name, strings.TrimSpace(value)); err != nil {
			return s, err
		}
	}
	for _, p := range parts[1:] {
		line, body, _ := strings.Cut(p, "\n")
		st, err := parseStep(line)
		if err != nil {
			return s, err
		}
		st.text = strings.TrimSpace(body)
		s.steps = append(s.steps, st)
	}
	if len(s.steps) == 0 {
		return s, fmt.Errorf("nobody writes")
	}
	return s, nil
}

func (s *story) set(name, value string) (err error) {
	switch name {
	case "who":
		s.who = value
	case "with":
		s.with = strings.Split(strings.ReplaceAll(value, " ", ""), ",")
	case "kind":
		s.kind = Kind(value)
	case "from":
		s.from = value
	case "subject":
		s.subject = value
	case "months":
		_, err = fmt.Sscanf(value, "%d-%d", &s.first, &s.last)
	case "trip":
		_, err = fmt.Sscanf(value, "%d-%d", &s.tripMonth, &s.tripDay)
	case "times":
		s.times, err = strconv.Atoi(value)
	case "again":
		s.once = value == "no"
	case "every":
		s.every, err = parseDelay(value)
	default:
		err = fmt.Errorf("unknown field %q", name)
	}
	return err
}

func parseStep(line string) (step, error) {
	words := strings.Fields(line)
	st := step{actor: words[0], options: map[string]string{}, delay: 3 * time.Hour}
	if st.actor == "in" {
		st.delay = 20 * time.Hour
	}
	for _, w := range words[1:] {
		if value, ok := strings.CutPrefix(w, "+"); ok {
			var err error
			if st.delay, err = parseDelay(value); err != nil {
				return st, err
			}
			continue
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return st, fmt.Errorf("@%s: %q is neither a delay nor name=value", line, w)
		}
		st.options[name] = strings.ReplaceAll(value, "_", " ")
	}
	return st, nil
}

// parseDelay knows days besides Go's units.
func parseDelay(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err
	}
	if s == "0" {
		return 0, nil
	}
	return time.ParseDuration(s)
}

// inSeason tells whether a story may begin in a month.
func (s *story) inSeason(m time.Month) bool {
	if s.first <= s.last {
		return s.first <= m && m <= s.last
	}
	return m >= s.first || m <= s.last
}

// settled is how old a story must be at the start: one with a rare kind of mail is told to its end.
func (s *story) settled() time.Duration {
	for _, st := range s.steps {
		if st.actor == "auto" || st.actor == "bounce" {
			return 5 * 24 * time.Hour
		}
	}
	return 3 * time.Hour
}

// departure is the next day of the trip that leaves three weeks for planning.
func (s *story) departure(start time.Time) time.Time {
	if s.tripMonth == 0 {
		return start.AddDate(0, 2, 0)
	}
	d := time.Date(start.Year(), s.tripMonth, s.tripDay, 12, 0, 0, 0, time.UTC)
	if d.Before(start.AddDate(0, 0, 21)) {
		d = d.AddDate(1, 0, 0)
	}
	return d
}

// customerBook reads customers.txt: those who have written, and those who will while somebody watches.
func customerBook() (known, newcomers []Person, keys map[string]int) {
	keys = map[string]int{}
	programs := map[string]client{"desktop": desktop, "office": office, "webmail": webmail, "phone": phone}
	into := &known
	for line := range strings.SplitSeq(storyText("customers.txt"), "\n") {
		if strings.HasPrefix(line, "## newcomers") {
			into = &newcomers
		}
		f := strings.Split(line, "|")
		if len(f) != 8 || strings.HasPrefix(line, "#") {
			continue
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		p := Person{ID: len(known) + len(newcomers) + 1, Name: f[1], Company: f[2], Role: f[3], Addresses: strings.Fields(f[4]),
			Language: f[5], client: programs[f[6]], Phone: f[7]}
		keys[f[0]] = p.ID
		*into = append(*into, p)
	}
	return known, newcomers, keys
}
