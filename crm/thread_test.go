package crm_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

var day0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// letter makes a mail: id, what it refers to, subject, days after day0, "from>to,to".
func letter(id, refs, subject string, day float64, people string) crm.ThreadMail {
	from, to, _ := strings.Cut(people, ">")
	m := crm.ThreadMail{MessageID: id, References: strings.Fields(refs), Subject: subject, Author: crm.Address(from), Date: day0.Add(time.Duration(day * float64(24*time.Hour)))}
	for _, r := range strings.FieldsFunc(to, func(c rune) bool { return c == ',' }) {
		m.Recipients = append(m.Recipients, crm.Address(r))
	}
	return m
}

// drawn writes threads as text: "a(b c(d))", a missing mail as "?", threads
// apart by spaces, a link by subject as "~", a copy as "=", a new topic as "!".
func drawn(mails []crm.ThreadMail, threads []crm.Thread) string {
	var out []string
	for _, th := range threads {
		var b strings.Builder
		depth := 0
		for i, n := range th.Nodes {
			switch {
			case i > 0 && n.Depth > depth:
				b.WriteString("(")
			case i > 0:
				b.WriteString(strings.Repeat(")", depth-n.Depth) + ",")
			}
			depth = n.Depth
			b.WriteString(map[crm.ThreadLink]string{crm.LinkSubject: "~", crm.LinkDuplicate: "="}[n.Link])
			if n.Topic {
				b.WriteString("!")
			}
			if n.Mail < 0 {
				b.WriteString("?")
			} else {
				b.WriteString(mails[n.Mail].MessageID)
			}
		}
		out = append(out, b.String()+strings.Repeat(")", depth))
	}
	return strings.Join(out, " ")
}

func TestThreads(t *testing.T) {
	for _, c := range []struct {
		name  string
		mails []crm.ThreadMail
		opt   crm.ThreadOptions
		want  string
	}{
		{"a chain", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "a", "Re: Offer", 1, "y>x"), letter("c", "a b", "Re: Offer", 2, "x>y"), letter("d", "a", "Re: Offer", 3, "x>y")},
			crm.ThreadOptions{}, "a(b(c),d)"},
		{"an unseen parent holds two together", []crm.ThreadMail{letter("b", "a", "Re: Offer", 1, "y>x"), letter("c", "a", "Re: Offer", 2, "z>x")},
			crm.ThreadOptions{}, "?(b,c)"},
		{"an unseen mail in the middle is passed over", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("c", "a b", "Re: Offer", 2, "x>y")},
			crm.ThreadOptions{}, "a(c)"},
		{"and shown when asked for", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("c", "a b", "Re: Offer", 2, "x>y")},
			crm.ThreadOptions{Missing: true}, "a(?(c))"},
		{"a mail that lost its fields is placed by the one after it", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "", "Other", 1, "y>x"), letter("c", "a b", "Re: Offer", 2, "x>y")},
			crm.ThreadOptions{}, "a(b(c))"},
		{"a loop", []crm.ThreadMail{letter("a", "c b", "Loop", 0, "x>y"), letter("b", "a c", "Loop", 1, "y>x"), letter("c", "b a", "Loop", 2, "x>y"), letter("d", "d", "Loop", 3, "x>y")},
			crm.ThreadOptions{}, "c(b(a)) d"},
		{"newest first in References", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "a", "Re: Offer", 1, "y>x"),
			{MessageID: "c", References: []string{"b", "a"}, InReplyTo: []string{"b"}, Subject: "Re: Offer", Date: day0.AddDate(0, 0, 2)}},
			crm.ThreadOptions{}, "a(b(c))"},
		{"one mail answers two threads", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "", "Bill", 1, "x>y"), letter("c", "b", "Re: Bill", 2, "y>x"), letter("d", "a c", "Re: Offer", 3, "y>x")},
			crm.ThreadOptions{}, "a,b(c(d))"},
		{"two copies of a mail", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("a", "", "Offer", 0.01, "x>list"), letter("b", "a", "Re: Offer", 1, "y>x"), letter("b", "a", "Re: Offer", 1, "y>x")},
			crm.ThreadOptions{}, "a(=a,b,b)"},
		{"the same id on other mail", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("a", "", "Scan 17", 1, "scanner>y")},
			crm.ThreadOptions{}, "a a"},
		{"a reply without fields", []crm.ThreadMail{letter("a", "", "Tarjous", 0, "x>y"), letter("b", "", "VS: Tarjous", 3, "y>x"), letter("c", "b", "Re: Tarjous", 4, "x>y")},
			crm.ThreadOptions{}, "a(~b(c))"},
		{"no mark of a reply", []crm.ThreadMail{letter("a", "", "Tarjous", 0, "x>y"), letter("b", "", "Tarjous", 3, "y>x")}, crm.ThreadOptions{}, "a b"},
		{"too late", []crm.ThreadMail{letter("a", "", "Tarjous", 0, "x>y"), letter("b", "", "VS: Tarjous", 15, "y>x")}, crm.ThreadOptions{}, "a b"},
		{"not after it", []crm.ThreadMail{letter("a", "", "Tarjous", 1, "x>y"), letter("b", "", "VS: Tarjous", 0, "y>x")}, crm.ThreadOptions{}, "b a"},
		{"a stranger", []crm.ThreadMail{letter("a", "", "Tarjous", 0, "x>y"), letter("b", "", "VS: Tarjous", 1, "z>x")}, crm.ThreadOptions{}, "a b"},
		{"one of us is none", []crm.ThreadMail{letter("a", "", "Tarjous", 0, "x>y"), letter("b", "", "VS: Tarjous", 1, "z>x")},
			crm.ThreadOptions{Own: func(a crm.Address) bool { return a == "y" || a == "z" }}, "a(~b)"},
		{"to two customers alike", []crm.ThreadMail{letter("a", "", "Tarjous", 0, "x>y"), letter("b", "", "Tarjous", 0, "x>z"), letter("c", "", "VS: Tarjous", 1, "y>x")},
			crm.ThreadOptions{}, "a(~c) b"},
		{"a subject about nothing", []crm.ThreadMail{letter("a", "", "your mail", 0, "x>y"), letter("b", "", "Re: your mail", 1, "y>x")}, crm.ThreadOptions{}, "a b"},
		{"a new topic after a long time", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "a", "Bill", 60, "y>x"), letter("c", "a", "Re: Offer", 61, "y>x"), letter("d", "a", "Visit", 2, "y>x")},
			crm.ThreadOptions{}, "a(d,!b,c)"},
		{"a new topic with others", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "a", "Bill", 1, "y>z"), letter("c", "b", "Re: Bill", 2, "z>y")},
			crm.ThreadOptions{}, "a(!b(c))"},
		{"headers alone", []crm.ThreadMail{letter("a", "", "Tarjous", 0, "x>y"), letter("b", "", "VS: Tarjous", 3, "y>x")}, crm.ThreadOptions{Rule: crm.ThreadHeaders}, "a b"},
		{"RFC 5256: a subject joins anybody", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "q", "Re: offer", 300, "z>q"), letter("c", "", "Bill", 1, "x>y"), letter("d", "", "bill", 2, "x>y")},
			crm.ThreadOptions{Rule: crm.ThreadReferences}, "a(~b) ?(~c,~d)"},
		{"RFC 5256: two placeholders of one subject", []crm.ThreadMail{letter("a", "p", "Offer", 0, "x>y"), letter("b", "p", "Offer", 1, "z>q"), letter("c", "q", "Offer", 2, "x>y"), letter("d", "q", "Offer", 3, "x>y"), letter("e", "", "Offer", 4, "x>y")},
			crm.ThreadOptions{Rule: crm.ThreadReferences}, "?(a,b,c,d,~e)"},
		{"RFC 5256: ordered subject", []crm.ThreadMail{letter("a", "", "Offer", 0, "x>y"), letter("b", "", "Bill", 1, "x>y"), letter("c", "b", "Re: Offer", 2, "x>y"), letter("d", "", "Fwd: Offer", 3, "x>y")},
			crm.ThreadOptions{Rule: crm.ThreadOrderedSubject}, "a(~c,~d) b"},
	} {
		for i := range c.mails {
			c.mails[i].Seq = i + 1
		}
		if got := drawn(c.mails, crm.Threads(c.mails, c.opt)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestThreadsOnLists(t *testing.T) {
	mails := []crm.ThreadMail{letter("a", "", "Driver", 0, "x>list"), letter("b", "", "Re: Driver", 1, "z>list,x")}
	for i := range mails {
		mails[i].Class = crm.ClassList
	}
	if got := drawn(mails, crm.Threads(mails, crm.ThreadOptions{})); got != "a b" {
		t.Errorf("%s, want a b", got)
	}
	if got := drawn(mails, crm.Threads(mails, crm.ThreadOptions{Lists: true})); got != "a(~b)" {
		t.Errorf("with Lists %s, want a(~b)", got)
	}
}

func TestThreadMailAuthor(t *testing.T) {
	list, aino := crm.Party{Address: "users@list.example"}, crm.Party{Address: "aino@asiakas.example"}
	e := crm.Envelope{From: []crm.Party{list}, To: []crm.Party{list}, ReplyTo: []crm.Party{aino}, Class: crm.ClassList}
	if m := e.ThreadMail(day0, 0); m.Author != aino.Address || m.Date != day0 {
		t.Errorf("%+v", m)
	}
	e = crm.Envelope{From: []crm.Party{aino}, To: []crm.Party{list}, ReplyTo: []crm.Party{list}}
	if m := e.ThreadMail(day0, 0); m.Author != aino.Address {
		t.Errorf("%+v", m)
	}
}

var rules = []crm.ThreadRule{crm.ThreadKaveri, crm.ThreadHeaders, crm.ThreadReferences, crm.ThreadOrderedSubject}

// scribble makes mails out of bytes: few ids, subjects and people, so that they
// meet in every way.
func scribble(data []byte) []crm.ThreadMail {
	var mails []crm.ThreadMail
	for len(data) >= 4 && len(mails) < 200 {
		m := crm.ThreadMail{Subject: []string{"", "Offer", "Re: Offer", "Fwd: Bill", "Re: Bill", "bill", "Re:"}[data[1]%7],
			Date: day0.Add(time.Duration(data[2]) * time.Hour), Seq: len(mails) + 1, Author: crm.Address(rune('p' + data[3]%4)), Recipients: []crm.Address{crm.Address(rune('p' + data[3]>>2%4))}}
		if data[0]%16 > 0 {
			m.MessageID = fmt.Sprint(data[0] % 16)
		}
		n := min(int(data[3]>>4)%5, len(data)-4)
		for _, r := range data[4 : 4+n] {
			m.References = append(m.References, fmt.Sprint(r%20))
		}
		if data[2]&1 == 1 && n > 0 {
			m.InReplyTo = []string{m.References[0]}
		}
		data = data[4+n:]
		mails = append(mails, m)
	}
	return mails
}

// checkForest checks what holds for every mail in the world.
func checkForest(t *testing.T, mails []crm.ThreadMail, threads []crm.Thread) {
	t.Helper()
	seen := make([]int, len(mails))
	for _, th := range threads {
		if len(th.Nodes) == 0 {
			t.Fatal("an empty thread")
		}
		for i, n := range th.Nodes {
			switch {
			case n.Parent >= i || n.Parent < -1:
				t.Fatalf("node %d has parent %d", i, n.Parent) // so there is no loop either
			case n.Parent < 0 && (n.Depth != 0 || n.Link != crm.LinkNone):
				t.Fatalf("a root with depth %d, link %q", n.Depth, n.Link)
			case n.Parent >= 0 && (n.Depth != th.Nodes[n.Parent].Depth+1 || n.Link == crm.LinkNone):
				t.Fatalf("depth %d under %d, link %q", n.Depth, th.Nodes[n.Parent].Depth, n.Link)
			}
			if n.Mail >= 0 {
				seen[n.Mail]++
			}
		}
	}
	for i, n := range seen {
		if n != 1 {
			t.Fatalf("mail %d is in %d threads", i, n)
		}
	}
}

func FuzzThreads(f *testing.F) {
	f.Add([]byte("abcdefghijklmnopqrstuvwxyz0123456789"))
	f.Add([]byte("\x01\x01\x00\x10\x02\x02\x02\x01\x20\x01\x03\x02\x02\x30\x01\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		mails := scribble(data)
		for _, rule := range rules {
			threads := crm.Threads(mails, crm.ThreadOptions{Rule: rule, Lists: true})
			checkForest(t, mails, threads)
			if rule == crm.ThreadKaveri {
				checkSubjectLinks(t, mails, threads)
			}
			missing := crm.Threads(mails, crm.ThreadOptions{Rule: rule, Missing: true})
			checkForest(t, mails, missing)
			shuffled := append([]crm.ThreadMail(nil), mails...)
			rand.New(rand.NewPCG(1, uint64(len(data)))).Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
			if a, b := drawn(mails, threads), drawn(shuffled, crm.Threads(shuffled, crm.ThreadOptions{Rule: rule, Lists: true})); a != b {
				t.Errorf("%s: in another order %s became %s", rule, a, b)
			}
		}
	})
}

// checkSubjectLinks: by subject a mail never hangs under a later one, and never
// under one that no participant of it knows.
func checkSubjectLinks(t *testing.T, mails []crm.ThreadMail, threads []crm.Thread) {
	t.Helper()
	for _, th := range threads {
		for _, n := range th.Nodes {
			if n.Link != crm.LinkSubject {
				continue
			}
			m, up := mails[n.Mail], mails[th.Nodes[n.Parent].Mail]
			if up.Date.After(m.Date) || m.Author != up.Author && m.Author != up.Recipients[0] {
				t.Errorf("%+v hangs under %+v by subject", m, up)
			}
		}
	}
}

// TestThreadsShuffled: the order in which mails come means nothing, and they
// are complete, in larger sets than the fuzzer makes.
func TestThreadsShuffled(t *testing.T) {
	mails := manyMails(3000)
	want := drawn(mails, crm.Threads(mails, crm.ThreadOptions{}))
	for seed := range uint64(3) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(mails), func(i, k int) { mails[i], mails[k] = mails[k], mails[i] })
		threads := crm.Threads(mails, crm.ThreadOptions{})
		checkForest(t, mails, threads)
		if drawn(mails, threads) != want {
			t.Fatal("another order gave other threads")
		}
	}
}

// TestThreadsHostile: mail that is made to be slow is not.
func TestThreadsHostile(t *testing.T) {
	const n = 20_000 // quadratic time would show
	id := func(i int) string { return fmt.Sprintf("%d@evil.example", i) }
	long := make([]string, 5*n)
	for i := range long {
		long[i] = id(i)
	}
	sets := map[string][]crm.ThreadMail{"one chain of unseen mails, and answers to its end": {{MessageID: "x", References: long}}}
	var chain, back, same, pairs []crm.ThreadMail
	for i := range n {
		chain = append(chain, crm.ThreadMail{MessageID: id(i), References: []string{id(i + 1)}, Seq: i})
		back = append(back, crm.ThreadMail{MessageID: id(i), References: []string{id((i + n - 1) % n)}, Seq: i})
		same = append(same, crm.ThreadMail{MessageID: id(i), Subject: "Re: Invoice", Author: crm.Address(id(i)), Recipients: []crm.Address{"a@b.example"}, Date: day0, Seq: i})
		pairs = append(pairs, crm.ThreadMail{MessageID: "a" + id(i), References: []string{"p" + id(i/2)}, Subject: "Re: Invoice", Date: day0, Seq: i})
		k := "one chain of unseen mails, and answers to its end"
		sets[k] = append(sets[k], crm.ThreadMail{MessageID: "y" + id(i), References: []string{id(5*n - 1)}, Subject: "Re: Invoice", Seq: i})
	}
	sets["a chain"], sets["a circle"], sets["one subject"], sets["placeholders of one subject"] = chain, back, same, pairs
	for name, mails := range sets {
		for _, rule := range rules {
			start := time.Now()
			checkForest(t, mails, crm.Threads(mails, crm.ThreadOptions{Rule: rule}))
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s, %s: %v", name, rule, took)
			}
		}
	}
}

// manyMails makes conversations of customers: mostly with whole headers, some
// without, some with mails that are missing.
func manyMails(n int) []crm.ThreadMail {
	r := rand.New(rand.NewPCG(7, 7))
	mails := make([]crm.ThreadMail, 0, n)
	for c := 0; len(mails) < n; c++ {
		customer, staff := crm.Address(fmt.Sprintf("c%d@asiakas.example", c%(n/20+1))), crm.Address(fmt.Sprintf("s%d@oy.example", c%9))
		var refs []string
		at := day0.Add(time.Duration(r.IntN(500*24)) * time.Hour)
		for k := range 1 + r.IntN(9) {
			id := fmt.Sprintf("%d.%d@mail.example", c, k)
			if r.IntN(10) > 0 {
				m := crm.ThreadMail{MessageID: id, Subject: fmt.Sprintf("Tarjous %d", c%50), Date: at, Author: customer, Recipients: []crm.Address{staff}, Seq: len(mails)}
				if k > 0 {
					m.Subject = "Re: " + m.Subject
				}
				if k%2 == 1 {
					m.Author, m.Recipients = staff, []crm.Address{customer}
				}
				if r.IntN(12) > 0 {
					m.References = append([]string(nil), refs...)
				}
				mails = append(mails, m)
			}
			refs = append(refs, id)
			at = at.Add(time.Duration(1+r.IntN(60)) * time.Hour)
		}
	}
	return mails
}

func BenchmarkThreads100k(b *testing.B) {
	mails := manyMails(100_000)
	b.ReportAllocs()
	for b.Loop() {
		crm.Threads(mails, crm.ThreadOptions{})
	}
}
