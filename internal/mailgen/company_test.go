package mailgen

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 18, 11, 30, 0, 0, time.UTC)

func TestCompanyIsDeterministic(t *testing.T) {
	run := func() string {
		f := Company(4, now)
		all := slices.Clone(f.Mail)
		for i := range 40 {
			all = append(all, f.Next(now.Add(time.Duration(i)*20*time.Second))...)
		}
		return digest(slices.Values(all))
	}
	if first, second := run(), run(); first != second {
		t.Error("the same arguments give other bytes")
	}
}

func TestCompanyTellsTheTruth(t *testing.T) {
	for _, at := range []time.Time{now, now.AddDate(0, 4, 3), now.AddDate(0, 8, 11).Add(13 * time.Hour)} {
		f := Company(uint64(at.Unix()), at)
		kinds := checkAll(t, slices.Values(inOrder(f.Mail)), usersOf(f.Staff))
		for _, k := range []Kind{KindCase, KindAutoReply, KindBounce, KindInternal, KindNewsletter, KindNotification, KindStranger} {
			if kinds[k] == 0 {
				t.Errorf("no mail of kind %s", k)
			}
		}
		mails := map[int]bool{}
		for _, d := range f.Mail {
			mails[d.Message] = true
		}
		if len(mails) < 250 || len(mails) > 600 {
			t.Errorf("%d mails; a few hundred are meant", len(mails))
		}
	}
}

// inOrder sorts by the number of the mail, in which answers follow what they answer even when clocks disagree.
func inOrder(mails []Delivery) []Delivery {
	mails = slices.Clone(mails)
	slices.SortStableFunc(mails, func(a, b Delivery) int { return a.Message - b.Message })
	return mails
}

func TestCompanyIsAliveNow(t *testing.T) {
	for i := range 6 {
		at := now.Add(time.Duration(i) * 5 * time.Hour)
		f := Company(9, at)
		last := f.Mail[len(f.Mail)-1].Date
		if age := at.Sub(last); age < 0 || age > 10*time.Minute {
			t.Errorf("at %v the last mail is %v old", at, age)
		}
		week, month, quarterAYearAgo := 0, 0, 0
		for _, d := range f.Mail {
			switch age := at.Sub(d.Date); {
			case age < 7*24*time.Hour:
				week++
			case age < 30*24*time.Hour:
				month++
			case age > 300*24*time.Hour && age < 323*24*time.Hour:
				quarterAYearAgo++
			}
		}
		if week < 15 || month <= quarterAYearAgo {
			t.Errorf("%d in the last week, %d in the rest of the month, %d in the same time long ago", week, month, quarterAYearAgo)
		}
	}
}

func TestCompanyPeople(t *testing.T) {
	f := Company(1, now)
	if len(f.Staff) != 4 || len(f.Customers) < 55 || len(f.Customers) > 70 {
		t.Errorf("%d staff, %d customers", len(f.Staff), len(f.Customers))
	}
	languages, organisations, taken := map[string]int{}, 0, map[string]bool{}
	for i, p := range append(slices.Clone(f.Staff), f.Customers...) {
		for _, a := range p.Addresses {
			if taken[a] || !strings.HasSuffix(a, ".example") || !isASCII(a) {
				t.Errorf("%s is taken, or no address that is safe to write to", a)
			}
			taken[a] = true
		}
		if i >= len(f.Staff) {
			languages[p.Language]++
			if p.ID != i-len(f.Staff)+1 {
				t.Errorf("%s has id %d", p.Name, p.ID)
			}
		}
		if p.Company != "" {
			organisations++
		}
	}
	for _, l := range []string{"fi", "en", "sv", "de"} {
		if languages[l] < 3 {
			t.Errorf("%d customers write %s", languages[l], l)
		}
	}
	t.Log(languages, organisations)
	wrote := map[int]bool{}
	for _, d := range f.Mail {
		wrote[d.Customer] = true
	}
	for _, c := range f.Customers[:len(f.Customers)-f.newcomers] {
		if !wrote[c.ID] {
			t.Errorf("%s has never written", c.Name)
		}
	}
}

// Every answer of the staff is read by its customer: it goes to the address that the customer wrote from.
func TestCompanyAnswersReachTheirCustomer(t *testing.T) {
	f := Company(2, now)
	for _, d := range f.Mail {
		if d.Kind != KindCase {
			continue
		}
		s, err := read(d.Raw)
		if err != nil {
			t.Fatal(err)
		}
		addr := d.From
		if d.Direction == Out {
			to, _ := parser.ParseList(s.header.Get("To"))
			addr = to[0].Address
		}
		if !slices.Contains(f.Customers[d.Customer-1].Addresses, addr) {
			t.Errorf("mail %d with %s belongs to %s", d.Message, addr, f.Customers[d.Customer-1].Name)
		}
	}
}

// Every story can be told, by its own customer and by others, and leaves no slot unfilled.
func TestStoriesAreTold(t *testing.T) {
	leftover := regexp.MustCompile(`\{[a-z+0-9]*\}|\[[^]\n]*\||[a-zåäö]\]|(?m)^@|^## |[0-9]\.\.(\s|$)`)
	conversations := 0
	for _, s := range stories() {
		if s.kind == KindCase {
			conversations++
		}
		for n := range 3 {
			if s.once && n > 0 {
				continue
			}
			f := newFirm(uint64(n))
			tell := f.begin(s, now, n)
			for tell.more() {
				for _, d := range f.play(tell, tell.due, now) {
					seen, err := read(d.Raw)
					if err != nil {
						t.Errorf("%s: %v", s.id, err)
						continue
					}
					if m := leftover.FindString(d.Subject + "\n" + seen.text); m != "" && d.Kind != KindNewsletter {
						t.Errorf("%s: %q is left over", s.id, m)
					}
					if n > 0 && tell.customer.ID != 0 && s.who != "" && !strings.HasPrefix(s.who, "*") {
						written := f.Customers[f.keys[s.who]-1]
						if strings.Contains(seen.text, written.Name) && written.Name != tell.customer.Name {
							t.Errorf("%s: %s plays, and is called %s", s.id, tell.customer.Name, written.Name)
						}
					}
				}
			}
		}
	}
	if conversations < 40 {
		t.Errorf("%d conversations", conversations)
	}
	t.Logf("%d stories, %d of them conversations with customers", len(stories()), conversations)
}

func TestNextNeverEnds(t *testing.T) {
	f := Company(3, now)
	all := inOrder(f.Mail)
	answers, threads := 0, map[int]bool{}
	for i := range 500 {
		at := now.Add(time.Duration(i) * 20 * time.Second)
		batch := f.Next(at)
		arrived := false
		for _, d := range batch {
			arrived = arrived || d.Folder == inbox
			if d.Folder == sent {
				answers++
			}
			if d.Date.Before(at.Add(-5*time.Second)) || d.Date.After(at.Add(10*time.Second)) {
				t.Errorf("asked at %v, arrived at %v", at, d.Date)
			}
			threads[d.Thread] = true
		}
		if !arrived {
			t.Fatalf("nothing arrived in an INBOX: %+v", batch)
		}
		all = append(all, batch...)
	}
	checkAll(t, slices.Values(all), usersOf(f.Staff))
	if answers < 100 || len(threads) < 100 {
		t.Errorf("%d answers in %d threads", answers, len(threads))
	}
	if len(f.open) > 61 {
		t.Errorf("%d conversations are kept", len(f.open))
	}
}

// TestMain prints the demo's mail when asked, for people who want to read it: MAILGEN_PRINT=1 go test ./internal/mailgen
func TestMain(m *testing.M) {
	if os.Getenv("MAILGEN_PRINT") == "" {
		os.Exit(m.Run())
	}
	for _, d := range Company(1, time.Now()).Mail {
		s, err := read(d.Raw)
		if err != nil {
			panic(err)
		}
		fmt.Printf("=== %s %s/%s %s #%d t%d %s\n%s -> %s\n%q attached %q\n\n%s\n\n", d.Date.Format(time.DateTime), d.User, d.Folder, d.Kind, d.Message,
			d.Thread, d.Direction, s.header.Get("From"), s.header.Get("To"), d.Subject, s.attached, s.text)
	}
}
