package notebook

import (
	"io"
	"time"
)

// Book is what is printed. Its texts are ready to be read.
type Book struct {
	Title   string // whose customers
	Firm    string
	Printed string // when, in words
	Made    time.Time
	Lead    []string // paragraphs beneath the title
	Empty   string   // instead of customers when there are none

	WaitTitle  string // over those who wait for an answer
	IndexTitle string // over the index of letters
	Entries    []Entry

	Page      func(n, of int) string // the foot of a page
	PageShort func(n int) string     // where somebody stands: "p. 7"
	Continued string                 // beside the name of an entry that was broken
	Marked    string                 // what [Mark] means
}

// Entry is a customer. Entries are printed as they come; where the letter
// changes, a heading stands.
type Entry struct {
	Letter string
	Name   string
	Note   string // beside the name: the rung
	Wait   string // since when they wait for an answer; "" when they do not
	Since  time.Time
	Lines  []Line
}

// Line is one fact about a customer. Long ones take several lines of print.
type Line struct {
	Label, Text string
	Strong      bool
}

// Mark is printed for a character that the fonts lack.
const Mark = '□'

// Write prints a book as a PDF and gives the number of its pages.
func Write(w io.Writer, b *Book) (pages int, err error) {
	f, err := loadFonts()
	if err != nil {
		return 0, err
	}
	l := &layout{fonts: f, book: b}
	placed := l.pages()
	return len(placed), draw(w, b, placed)
}
