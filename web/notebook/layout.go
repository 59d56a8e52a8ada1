package notebook

// Sizes in points; y grows downwards.
const (
	pageWidth  = 595.28 // A4
	pageHeight = 841.89
	left       = 60.0 // room to punch holes
	right      = pageWidth - 42
	top        = 48.0
	bottom     = pageHeight - 74
	textAt     = left + 108 // behind the labels

	bodySize   = 10.5
	nameSize   = 12.0
	letterSize = 15.0
	titleSize  = 20.0
	leading    = 1.3
	afterEntry = 9.0
)

// mark is a piece of text in its place: its upper left corner.
type mark struct {
	x, y float64
	in   face
	size float64
	text string
	to   int // page that it leads to when the book is read on a screen; 0: none
}

// rule is a thin horizontal line.
type rule struct{ x, y, to float64 }

// page is what stands on a page.
type page struct {
	marks []mark
	rules []rule
}

// layout places a book.
type layout struct {
	fonts  *fonts
	book   *Book
	placed []page
	y      float64

	letters []string
	at      map[string]int // the page on which a letter begins, of those behind the front
	entryAt []int          // the page of each entry, of the same
}

// pages places everything. How many pages the front takes is known once it is
// placed, and the numbers on it change its length by nothing or, at most, once.
func (l *layout) pages() []page {
	body := l.body()
	front := l.front(1)
	for n := len(front); ; n = len(front) {
		if front = l.front(n); len(front) == n {
			break
		}
	}
	all := append(front, body...)
	if l.fonts.marked {
		all = l.explain(all)
	}
	for i := range all {
		l.placed = all[i : i+1]
		l.foot(i+1, len(all))
	}
	return all
}

// begin starts a new run of pages.
func (l *layout) begin() {
	l.placed, l.y = nil, 0
	l.turn()
}

// turn goes on to the next page.
func (l *layout) turn() {
	l.placed = append(l.placed, page{})
	l.y = top
}

// last is the page that is being filled.
func (l *layout) last() *page { return &l.placed[len(l.placed)-1] }

func (l *layout) put(x float64, in face, size float64, text string) {
	if text != "" {
		l.last().marks = append(l.last().marks, mark{x: x, y: l.y, in: in, size: size, text: text})
	}
}

// putRight places a text that ends at an edge.
func (l *layout) putRight(edge float64, in face, size float64, text string) {
	text = l.fonts.legible(in, text)
	l.put(edge-l.fonts.measure(in, size, text), in, size, text)
}

// room turns the page unless so much is left on it.
func (l *layout) room(height float64) {
	if l.y+height > bottom {
		l.turn()
	}
}

// paragraph places a text over the whole width.
func (l *layout) paragraph(in face, size float64, text string) {
	for _, line := range l.fonts.wrap(in, size, text, right-left) {
		l.room(size * leading)
		l.put(left, in, size, line)
		l.y += size * leading
	}
}

// body places the customers.
func (l *layout) body() []page {
	l.at, l.letters, l.entryAt = map[string]int{}, nil, make([]int, len(l.book.Entries))
	if len(l.book.Entries) == 0 {
		return nil
	}
	l.begin()
	letter := ""
	for i := range l.book.Entries {
		e := &l.book.Entries[i]
		b := l.block(e)
		if e.Letter != letter {
			letter = e.Letter
			l.room(letterSize*leading + afterEntry + b.height(0, len(b.lines)))
			l.heading(letter)
		}
		l.entryAt[i] = l.entry(b)
	}
	return l.placed
}

// heading begins a letter.
func (l *layout) heading(letter string) {
	if l.at[letter] == 0 {
		l.at[letter] = len(l.placed)
		l.letters = append(l.letters, letter)
	}
	l.put(left, bold, letterSize, l.fonts.legible(bold, letter))
	l.y += letterSize*leading + afterEntry/2
}

// block is an entry in lines of print.
type block struct {
	names []string // the name, broken where it is long
	note  string
	lines []printed
}

// printed is a line of print of an entry.
type printed struct {
	label, text string
	in          face
}

// height gives that of the name and some of the lines.
func (b *block) height(from, to int) float64 {
	return float64(len(b.names))*nameSize*leading + float64(to-from)*bodySize*leading
}

func (l *layout) block(e *Entry) *block {
	b := &block{note: l.fonts.legible(regular, e.Note)}
	width := right - left
	if b.note != "" {
		width -= l.fonts.measure(regular, bodySize, b.note) + 12
	}
	if b.names = l.fonts.wrap(bold, nameSize, e.Name, max(width, 200)); len(b.names) == 0 {
		b.names = []string{string(Mark)}
	}
	for _, line := range e.Lines {
		in := regular
		if line.Strong {
			in = bold
		}
		label := l.fonts.wrap(in, bodySize, line.Label, textAt-left-6)
		text := l.fonts.wrap(in, bodySize, line.Text, right-textAt)
		for i := range max(len(label), len(text)) {
			b.lines = append(b.lines, printed{at(label, i), at(text, i), in})
		}
	}
	return b
}

// at gives an element, "" behind the end.
func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// entry places a block: on one page when it fits one, else broken where the page
// ends. It gives the page on which it begins.
func (l *layout) entry(b *block) (on int) {
	if whole := b.height(0, len(b.lines)); whole <= bottom-top {
		l.room(whole)
	} else {
		l.room(b.height(0, min(len(b.lines), 3)))
	}
	on = len(l.placed)
	l.name(b, b.note)
	for _, line := range b.lines {
		if l.y+bodySize*leading > bottom {
			l.turn()
			l.name(b, l.fonts.legible(regular, l.book.Continued))
		}
		l.put(left, line.in, bodySize, line.label)
		l.put(textAt, line.in, bodySize, line.text)
		l.y += bodySize * leading
	}
	l.y += afterEntry
	return on
}

// name heads a block, beneath a rule.
func (l *layout) name(b *block, note string) {
	l.last().rules = append(l.last().rules, rule{left, l.y - 3, right})
	for i, line := range b.names {
		l.put(left, bold, nameSize, line)
		if i == 0 {
			l.putRight(right, regular, bodySize, note)
		}
		l.y += nameSize * leading
	}
}

// foot places what stands beneath each page.
func (l *layout) foot(n, of int) {
	l.y = bottom + 16
	l.last().rules = append(l.last().rules, rule{left, l.y - 5, right})
	foot := l.fonts.legible(regular, l.book.Page(n, of))
	room := right - left - l.fonts.measure(regular, bodySize, foot) - 12
	if lines := l.fonts.wrap(regular, bodySize, l.book.Title+" · "+l.book.Firm, room); len(lines) > 0 {
		l.put(left, regular, bodySize, lines[0])
	}
	l.putRight(right, regular, bodySize, foot)
	l.y += bodySize * leading
	l.put(left, regular, bodySize, l.fonts.legible(regular, l.book.Printed))
}

// explain adds what the mark means, on the last page.
func (l *layout) explain(all []page) []page {
	l.placed = all
	lowest := top
	for _, m := range l.last().marks {
		lowest = max(lowest, m.y+m.size*leading)
	}
	l.y = lowest + afterEntry
	l.paragraph(regular, bodySize, l.book.Marked)
	return l.placed
}
