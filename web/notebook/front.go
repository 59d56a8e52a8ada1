package notebook

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

// waiting lists those to whom an answer is owed.
func (l *layout) waiting(pages int) {
	titled := false
	for i := range l.book.Entries {
		e := &l.book.Entries[i]
		if e.Wait == "" {
			continue
		}
		if !titled {
			l.subtitle(l.book.WaitTitle)
			titled = true
		}
		page := l.entryAt[i] + pages
		where := l.fonts.legible(regular, l.book.PageShort(page))
		wait := l.fonts.legible(regular, e.Wait)
		lines := l.fonts.wrap(regular, bodySize, e.Name, right-left-215)
		for j, line := range lines {
			l.room(bodySize * leading)
			l.put(left, regular, bodySize, line)
			if j == 0 {
				l.lead(page)
				l.put(right-205, regular, bodySize, wait)
				l.putRight(right, regular, bodySize, where)
			}
			l.y += bodySize * leading
		}
	}
}
