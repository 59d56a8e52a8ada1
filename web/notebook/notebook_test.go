package notebook

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

func bookOf(entries ...Entry) *Book {
	return &Book{Title: "Customers of Anna", Firm: "Matkatoimisto Kaukoranta", Printed: "Printed on 2 March 2026", Made: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		Lead: []string{"A note on top."}, Empty: "Nobody yet.", WaitTitle: "An answer is owed", IndexTitle: "Letters", Continued: "continued", Marked: "□ stands for a character that cannot be printed here.",
		Entries: entries, Page: func(n, of int) string { return fmt.Sprintf("Page %d of %d", n, of) }, PageShort: func(n int) string { return fmt.Sprintf("p. %d", n) }}
}

// printed writes a book and reads it back.
func printedBook(t *testing.T, b *Book) opened {
	t.Helper()
	var out bytes.Buffer
	n, err := Write(&out, b)
	if err != nil {
		t.Fatal(err)
	}
	o := open(t, out.Bytes())
	if len(o.pages) != n {
		t.Fatalf("%d pages were written, %d are there", n, len(o.pages))
	}
	for i, p := range o.pages {
		if !strings.Contains(p, fmt.Sprintf("Page %d of %d\n", i+1, n)) || !strings.Contains(p, b.Printed) {
			t.Errorf("page %d has a foot of its own:\n%s", i+1, p)
		}
	}
	if o.smallest < 10 {
		t.Errorf("letters of %g points are too small", o.smallest)
	}
	return o
}

func holds(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in:\n%s", w, text)
		}
	}
}

func TestBook(t *testing.T) {
	o := printedBook(t, bookOf(
		Entry{Letter: "A", Name: "Aino Virtanen", Note: "Loyal, overdue", Wait: "since 9 March", Since: time.Unix(2, 0), Lines: []Line{{"Phone", "+358 40 123 4567", false}, {"They wrote", "“Millaisia hyttejä teillä on?”", true}}},
		Entry{Letter: "Å", Name: "Åke Öberg & Söner", Wait: "since 1 March", Since: time.Unix(1, 0), Lines: []Line{{"Phone", "–", false}}},
		Entry{Letter: "Ж", Name: "Жанна Ївченко", Lines: []Line{{"Mail", "άννα@παράδειγμα.example", false}}},
	))
	if len(o.pages) != 2 {
		t.Fatalf("%d pages", len(o.pages))
	}
	holds(t, o.pages[0], "Matkatoimisto Kaukoranta", "Customers of Anna", "A note on top.", "Letters", "A\np. 2\n", "Å\np. 2\n", "An answer is owed\nÅke Öberg & Söner\nsince 1 March\np. 2\nAino Virtanen\nsince 9 March\np. 2\n")
	holds(t, o.pages[1], "Aino Virtanen\nLoyal, overdue\n", "Phone\n+358 40 123 4567\n", "“Millaisia hyttejä teillä on?”", "Åke Öberg & Söner", "Жанна Ївченко", "άννα@παράδειγμα.example")
	if strings.Contains(o.pages[1], string(Mark)) {
		t.Errorf("a letter is missing:\n%s", o.pages[1])
	}
}

func TestNobody(t *testing.T) {
	o := printedBook(t, bookOf())
	if len(o.pages) != 1 {
		t.Fatalf("%d pages", len(o.pages))
	}
	holds(t, o.pages[0], "Nobody yet.")
	if strings.Contains(o.pages[0], "Letters") {
		t.Error("there is an index of nobody")
	}
}

// What the fonts lack is marked, one mark a character, and explained; what nobody
// sees is left out, and a letter of two characters is one.
func TestMissingLetters(t *testing.T) {
	o := printedBook(t, bookOf(Entry{Letter: "#", Name: "田中 Aino\u200b\u202e🎉", Lines: []Line{{"Mail", "A\u0308iti\tand\n\u202f5\u00a0€ \xff", false}, {"Empty", "", false}}}))
	holds(t, o.pages[1], "□□ Aino□\n", "Äiti and \u00a05\u00a0€ □\n", "Empty\n", "□ stands for a character that cannot be printed here.")
	if o := printedBook(t, bookOf(Entry{Letter: "", Name: " "})); !strings.Contains(o.pages[1], "□") {
		t.Error("who has no name is not there")
	}
}

// Long names and texts are broken and lose nothing; an entry longer than a page
// goes on with its name.
func TestLong(t *testing.T) {
	long := strings.Repeat("Pitkänimisten", 40)
	var lines []Line
	for i := range 100 {
		lines = append(lines, Line{fmt.Sprint("wish ", i), fmt.Sprintf("number-%d %s", i, strings.Repeat("sana ", 30)), i%2 == 0})
	}
	o := printedBook(t, bookOf(Entry{Letter: "P", Name: long, Note: "a note", Wait: "since long", Lines: []Line{{"Mail", long + "@example.org", false}}}, Entry{Letter: "R", Name: "Rauni", Lines: lines}))
	body := strings.Join(o.pages[1:], "")
	joined := strings.ReplaceAll(body, "\n", "")
	if strings.Count(joined, "Pitkänimisten") < 70 {
		t.Errorf("of the long name too little is there: %d", strings.Count(joined, "Pitkänimisten"))
	}
	for i := range 100 {
		if n := len(regexp.MustCompile(fmt.Sprintf(`number-%d\b`, i)).FindAllString(body, -1)); n != 1 {
			t.Errorf("line %d is there %d times", i, n)
		}
	}
	if n := strings.Count(body, "Rauni\ncontinued\n"); n < 2 {
		t.Errorf("the long entry goes on %d times", n)
	}
	inside(t, bookOf(Entry{Letter: "P", Name: long, Note: "a note", Wait: "since long", Lines: []Line{{long, long, true}}}))
}

// inside checks that nothing stands outside the margins.
func inside(t *testing.T, b *Book) {
	t.Helper()
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	l := &layout{fonts: f, book: b}
	for i, p := range l.pages() {
		for _, m := range p.marks {
			if end := m.x + f.measure(m.in, m.size, m.text); m.x < left-.01 || end > right+.5 || m.y < top-.01 || m.y+m.size > pageHeight-30 {
				t.Errorf("page %d: %q stands at %.1f to %.1f, %.1f", i+1, m.text, m.x, end, m.y)
			}
		}
	}
}

// A firm with very many customers: each is there once, in order, and the index
// leads to the page on which the letter begins.
func TestFiveThousand(t *testing.T) {
	var entries []Entry
	for i := range 5000 {
		name := fmt.Sprintf("%c-asiakas %05d", 'A'+i/200, i)
		e := Entry{Letter: name[:1], Name: name, Note: "Frequent", Lines: []Line{{"Phone", "+358 40 1234567", false}, {"Mail", "asiakas@example.org", false}, {"They wrote", strings.Repeat("Kysyisin vielä hytistä. ", 8), false}, {"Orders", "V-1: 120 €", false}}}
		if i%40 == 0 {
			e.Wait = "since Monday"
		}
		entries = append(entries, e)
	}
	b := bookOf(entries...)
	o := printedBook(t, b)
	text := strings.Join(o.pages, "\f")
	last := 0
	for i := range entries {
		at := strings.Index(text, entries[i].Name+"\nFrequent\n")
		if at < last {
			t.Fatalf("%s stands at %d, after %d", entries[i].Name, at, last)
		}
		last = at
	}
	for _, m := range regexp.MustCompile(`\n([A-Z])\np\. (\d+)\n`).FindAllStringSubmatch(o.pages[0], -1) {
		var page int
		fmt.Sscan(m[2], &page)
		holds(t, o.pages[page-1], "\n"+m[1]+"-asiakas ")
		if prev := o.pages[page-2]; m[1] > "A" && strings.Contains(prev, "\n"+m[1]+"-asiakas ") {
			t.Errorf("letter %s begins before page %d", m[1], page)
		}
	}
	inside(t, b)
	t.Logf("%d pages", len(o.pages))
}
