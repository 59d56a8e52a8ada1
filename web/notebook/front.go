package notebook

import "slices"

// front places the first page, with the body behind so many pages of it.
func (l *layout) front(pages int) []page {
	l.begin()
	b := l.book
	l.paragraph(regular, nameSize, b.Firm)
	l.y += 4
	l.paragraph(bold, titleSize, b.Title)
	l.paragraph(regular, bodySize, b.Printed)
	l.y += afterEntry
	for _, text := range b.Lead {
		l.paragraph(regular, bodySize, text)
		l.y += 3
	}
	if len(b.Entries) == 0 {
		l.y += afterEntry
		l.paragraph(bold, nameSize, b.Empty)
		return l.placed
	}
	l.index(pages)
	l.waiting(pages)
	return l.placed
}

// subtitle heads a list, which has room beneath it.
func (l *layout) subtitle(text string) {
	l.y += afterEntry
	l.room(3 * nameSize * leading)
	l.paragraph(bold, nameSize, text)
	l.y += 2
}

// index places the letters with their pages, as many beside each other as fit.
func (l *layout) index(pages int) {
	l.subtitle(l.book.IndexTitle)
	const column = 62.0
	x := left
	for _, letter := range l.letters {
		if x+column > right {
			x = left
			l.y += bodySize*leading + 2
			l.room(bodySize * leading)
		}
		page := l.at[letter] + pages
		name := l.fonts.legible(bold, letter)
		l.put(x, bold, bodySize, name)
		l.lead(page)
		l.put(x+l.fonts.measure(bold, bodySize, name)+6, regular, bodySize, l.fonts.legible(regular, l.book.PageShort(page)))
		l.lead(page)
		x += column
	}
	l.y += bodySize*leading + 2
}

// lead makes what was placed last lead to a page.
func (l *layout) lead(page int) {
	marks := l.last().marks
	marks[len(marks)-1].to = page
}

// waiting lists those to whom an answer is owed, who waits longest first.
func (l *layout) waiting(pages int) {
	var list []int
	for i := range l.book.Entries {
		if l.book.Entries[i].Wait != "" {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b int) int { return l.book.Entries[a].Since.Compare(l.book.Entries[b].Since) })
	l.subtitle(l.book.WaitTitle)
	for _, i := range list {
		l.wait(&l.book.Entries[i], l.entryAt[i]+pages)
	}
}

// waitWidth is what stands behind a name in that list.
const waitWidth = 205.0

func (l *layout) wait(e *Entry, page int) {
	for i, line := range l.fonts.wrap(regular, bodySize, e.Name, right-left-waitWidth-10) {
		l.room(bodySize * leading)
		l.put(left, regular, bodySize, line)
		if i == 0 {
			l.lead(page)
			l.put(right-waitWidth, regular, bodySize, l.fonts.legible(regular, e.Wait))
			l.putRight(right, regular, bodySize, l.book.PageShort(page))
		}
		l.y += bodySize * leading
	}
}
