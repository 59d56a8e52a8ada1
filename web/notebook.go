package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/web/notebook"
)

// Notebooks is what notebooks are printed from.
type Notebooks interface {
	Acquaintances
	Firm(ctx context.Context) (crm.Firm, error)
	Staff(ctx context.Context) ([]crm.Staff, error)
}

// NotebookPrinted says what a notebook came to.
type NotebookPrinted struct {
	Pages     int
	Customers []crm.CustomerID
}

// PrintNotebook writes the customers of a colleague as a PDF: those whom they look
// after, and of those without an owner, those who correspond most with them. It is
// in the colleague's language, else in the firm's, and holds what that colleague
// may see.
func PrintNotebook(ctx context.Context, from Notebooks, of crm.Staff, now time.Time, w io.Writer) (out NotebookPrinted, err error) {
	firm, err := from.Firm(ctx)
	if err != nil {
		return out, err
	}
	all, err := from.Staff(ctx)
	if err != nil {
		return out, err
	}
	lang := cmp.Or(of.Language, firm.Language, languages[0])
	c := &call{lang: lang, firm: firm, viewer: crm.ViewerOf(of), clock: newClock(lang, &firm, now)}
	if out.Customers, err = customersOf(ctx, from, c.viewer, of.ID, byNumber(all), now); err != nil {
		return out, err
	}
	var entries []notebook.Entry
	for chunk := range slices.Chunk(out.Customers, atATime) {
		briefs, err := from.Briefs(ctx, c.viewer, chunk)
		if err != nil {
			return out, err
		}
		for i := range briefs {
			entries = append(entries, c.notebookEntry(&briefs[i]))
		}
	}
	sortEntries(lang, entries)
	out.Pages, err = notebook.Write(w, c.notebook(of, entries))
	return out, err
}

// customersOf gives the customers of a colleague, in the order of their numbers.
func customersOf(ctx context.Context, from Acquaintances, v crm.Viewer, of crm.StaffID, staff map[crm.StaffID]crm.Staff, now time.Time) (out []crm.CustomerID, err error) {
	known, err := from.KnownCustomers(ctx, v, of)
	if err != nil {
		return nil, err
	}
	var free []crm.CustomerID // nobody looks after them
	for _, k := range known {
		switch k.Owner {
		case of:
			out = append(out, k.Customer)
		case 0:
			free = append(free, k.Customer)
		}
	}
	for chunk := range slices.Chunk(free, atATime) {
		talks, err := from.Talks(ctx, v, chunk)
		if err != nil {
			return nil, err
		}
		for _, id := range chunk {
			if insight.Keeper(talks[id], now, here(staff)) == of {
				out = append(out, id)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// sortEntries sorts by letter and name, as the language does.
func sortEntries(lang string, entries []notebook.Entry) {
	by := collate.New(language.Make(lang), collate.IgnoreCase)
	for i := range entries {
		entries[i].Letter = letterOf(lang, entries[i].Name)
	}
	slices.SortStableFunc(entries, func(a, b notebook.Entry) int {
		return cmp.Or(cmp.Compare(class(a.Letter), class(b.Letter)), by.CompareString(a.Letter, b.Letter), by.CompareString(a.Name, b.Name), strings.Compare(a.Name, b.Name))
	})
}

// otherLetter stands for names that begin with none.
const otherLetter = "#"

// class puts what is no letter behind all letters.
func class(letter string) int {
	if letter == otherLetter {
		return 1
	}
	return 0
}

// letterOf gives the letter under which a name is looked for. In Finnish, å, ä and
// ö are letters of their own; other marks say nothing.
func letterOf(lang, name string) string {
	r, _ := utf8.DecodeRuneInString(norm.NFC.String(strings.TrimLeftFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })))
	r = unicode.ToUpper(r)
	if lang != "fi" || !strings.ContainsRune("ÅÄÖ", r) {
		r, _ = utf8.DecodeRuneInString(norm.NFD.String(string(r)))
	}
	if !unicode.IsLetter(r) || r == utf8.RuneError {
		return otherLetter
	}
	return string(r)
}

// notebook puts the entries into a book with its words.
func (c *call) notebook(of crm.Staff, entries []notebook.Entry) *notebook.Book {
	b := &notebook.Book{Title: c.t("notebook.title", of.Name), Firm: c.firm.Name, Printed: c.t("notebook.printed", c.clock.longDate(c.clock.now)), Made: c.clock.now, Entries: entries,
		Empty: c.t("notebook.empty"), WaitTitle: c.t("notebook.waiting"), IndexTitle: c.t("notebook.index"), Continued: c.t("notebook.continued"), Marked: c.t("notebook.marked", string(notebook.Mark)),
		Page: func(n, of int) string { return c.t("notebook.page", n, of) }, PageShort: func(n int) string { return c.t("notebook.page-short", n) }}
	if len(entries) > 0 {
		b.Lead = append(b.Lead, c.n("notebook.count", len(entries)))
	}
	b.Lead = append(b.Lead, c.t("notebook.whose", of.Name, of.Name), c.t("notebook.keep"))
	return b
}

// longDate writes a day with its year.
func (c clock) longDate(t time.Time) string {
	if c.lang == "fi" {
		return fmt.Sprintf("%d. %s %d", t.Day(), c.month(t.Month()), t.Year())
	}
	return fmt.Sprintf("%d %s %d", t.Day(), c.month(t.Month()), t.Year())
}

// dated writes the day of a moment.
func (c *call) dated(t time.Time) string { return c.clock.date(t.In(c.clock.loc)) }

// notebookEntry puts what is known of a customer into lines: what is open first.
func (c *call) notebookEntry(b *crm.CustomerBrief) notebook.Entry {
	e := notebook.Entry{Name: b.Name}
	if b.Standing.Rung != "" {
		e.Note = c.stands(b.Standing.Rung, b.Standing.Note)
		if timed := c.timing(b.Standing.Timing); timed != "" {
			e.Note += ", " + lower(timed)
		}
	}
	add := func(label Key, text string, strong bool) {
		if text != "" {
			e.Lines = append(e.Lines, notebook.Line{Label: c.t(label), Text: text, Strong: strong})
		}
	}
	if !b.Owed.IsZero() {
		e.Wait, e.Since = c.t("notebook.since", c.dated(b.Owed)), b.Owed
		add("notebook.owed", e.Wait, true)
	}
	add("notebook.phone", phonesOf(b), true)
	add("notebook.mail", mailsOf(b), false)
	add("notebook.address", postalOf(b), false)
	add("notebook.said", c.words(b.Said), false)
	add("notebook.wrote", c.words(b.Wrote), false)
	add("notebook.noted", c.words(b.Noted), false)
	for i := range b.Wishes {
		add("notebook.wish", c.wishOnPaper(&b.Wishes[i]), false)
	}
	add("notebook.orders", c.ordersOnPaper(b.Orders), false)
	if due := b.Standing.Due; due != 0 {
		key := Key("notebook.about")
		if due < crm.DayOf(c.clock.now) {
			key = "notebook.was-due"
		}
		add("notebook.next", c.t(key, c.day(due)), false)
	}
	return e
}

// ofEach writes something of each contact, with the name when they are several.
func ofEach(b *crm.CustomerBrief, of func(*crm.Contact) []string) string {
	var out []string
	for i := range b.Contacts {
		k := &b.Contacts[i]
		list := of(k)
		if len(list) == 0 {
			continue
		}
		text := strings.Join(list, ", ")
		if len(b.Contacts) > 1 && k.Name != "" && !slices.Contains(list, k.Name) {
			text = k.Name + " " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func phonesOf(b *crm.CustomerBrief) string {
	return ofEach(b, func(k *crm.Contact) (out []string) {
		for _, p := range append(slices.Clone(k.Phones), known(k, crm.DetailPhone)...) {
			if p = phone(p); !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
		return out
	})
}

// known gives the accepted details of a kind.
func known(k *crm.Contact, kind crm.DetailKind) (out []string) {
	for _, d := range k.Details {
		if d.Kind == kind {
			out = append(out, d.Value)
		}
	}
	return out
}

func mailsOf(b *crm.CustomerBrief) string {
	return ofEach(b, func(k *crm.Contact) (out []string) {
		for _, a := range k.Addresses {
			out = append(out, string(a.Address))
		}
		return out
	})
}

func postalOf(b *crm.CustomerBrief) string {
	return ofEach(b, func(k *crm.Contact) []string { return known(k, crm.DetailAddress) })
}

// words writes what somebody wrote or noted, with day and author.
func (c *call) words(w crm.Words) string {
	if w.At.IsZero() {
		return ""
	}
	text := cmp.Or(w.Text, w.Subject)
	if w.Kind == "" {
		text = "“" + cmp.Or(text, "…") + "”"
	}
	return c.dated(w.At) + ", " + w.By + ": " + text
}

func (c *call) wishOnPaper(w *crm.Wish) string {
	parts := []string{c.t(Key("wish.state." + string(w.State)))}
	if w.Kind != crm.WishWish {
		parts = append([]string{c.t(Key("wish.kind." + string(w.Kind)))}, parts...)
	}
	if w.NotBefore != 0 {
		parts = append(parts, c.notBefore(w.NotBefore))
	}
	if w.ExpiresOn != 0 {
		parts = append(parts, c.t("notebook.until", c.day(w.ExpiresOn)))
	}
	return "“" + w.Quote + "” (" + strings.Join(parts, ", ") + ")"
}

func (c *call) ordersOnPaper(orders []crm.Order) string {
	var out []string
	for i := range orders {
		o := &orders[i]
		out = append(out, c.t("notebook.order", c.dated(o.At), o.Number, amount(c.lang, o.Net(), c.firm.Currency, false)))
	}
	return strings.Join(out, "; ")
}

// printCustomers gives the colleague's own notebook.
func (s *Server) printCustomers(w http.ResponseWriter, r *http.Request, c *call) error {
	var b bytes.Buffer
	if _, err := PrintNotebook(r.Context(), struct {
		Acquaintances
		Store
	}{s.Team, s.Store}, c.me, s.Now(), &b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="kaveri-customers.pdf"`)
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(b.Bytes())
	return err
}
