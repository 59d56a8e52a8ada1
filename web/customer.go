package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"kaveri/crm"
)

const (
	timelinePerPage = 40
	// a live page that has been open for long is refreshed by at most this many entries
	timelineRefresh = 400
)

// CustomerPage is one customer with the timeline.
type CustomerPage struct {
	Shell
	Head     CustomerHead
	Timeline Timeline
	Note     NoteForm
	Tags     TagForm
	Wishes   CustomerWishes
	Desk     CustomerDesk
	Card     CardPart
	Writing  WritingPart
}

// CustomerHead is what stands above the timeline and changes with it.
type CustomerHead struct {
	ID       crm.CustomerID
	Name     string
	Owner    string
	Contacts []crm.Contact
	Language string // in which to write to it, in words; "" when unknown
	Shown    []ProposalLine
	Asks     []WishAsk
	Open     []WaitingLine // mails of theirs that wait for our answer
	Closed   []ClosedLine
	Tags     []TagLink
	Mails    string // "12 mails", or "more than 40" when not counted
	Notes    string
	Last     Stamp
	Waiting  bool
	Knows    string // who of us writes to them most, "" when unclear
	Since    Stamp
}

// Timeline is a page of entries, newest first.
type Timeline struct {
	Customer crm.CustomerID
	Lines    []TimelineLine
	Older    string // address of the page with older entries
	Refresh  string // address that gives these entries again, and newer ones
	First    bool
}

// TimelineLine is an entry, or the heading of a day.
type TimelineLine struct {
	ID      string // unique in the page and stable, so that a refresh keeps it in place
	Heading string // of a day; then nothing else is set
	New     bool   // came while the page was open
	When    Stamp
	Mail    *MailCard
	Note    *crm.Note
	Order   *OrderCard
	Author  string // of the note
	Wish    *WishLine
	Voice   *Voice
	Contact string // whom of the customer it concerns, when there are several
}

// NoteForm is the form for a note or a call.
type NoteForm struct {
	Customer crm.CustomerID
	Kind     string
	Body     string
	Topic    string // of a wish
	Before   string // not wanted before this day
	Faults   Faults
}

// Voice is what somebody answered in a survey, or wrote into the public form.
type Voice struct {
	Head  string // "Answered 9 in “after-visit”"
	Words string
}

func (s *Server) customerPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showCustomer(w, r, c, NoteForm{}, CustomerDesk{Open: r.URL.Query().Has("desk")}, http.StatusOK)
}

// showCustomer shows the page, with the forms as they were sent when something
// is wrong with them.
func (s *Server) showCustomer(w http.ResponseWriter, r *http.Request, c *call, note NoteForm, desk CustomerDesk, status int) error {
	return s.showCustomerWith(w, r, c, CustomerPage{Note: note, Desk: desk}, status)
}

// showCustomerWith shows the page with what p has of its forms.
func (s *Server) showCustomerWith(w http.ResponseWriter, r *http.Request, c *call, p CustomerPage, status int) error {
	id, err := routeID[crm.CustomerID](r, "id", "customer")
	if err != nil {
		return err
	}
	cu, err := s.Store.Customer(r.Context(), c.viewer, id)
	if err != nil {
		return err
	}
	if cu.ID != id && r.Method == http.MethodGet { // it was merged into that one
		return go303(w, r, customerPath(cu.ID), "")
	}
	after, err := parseKey(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	items, next, err := s.Store.Timeline(r.Context(), c.viewer, cu.ID, after, timelinePerPage)
	if err != nil {
		return err
	}
	p.Shell, p.Note.Customer = s.shell(c, "customers", cu.Name), id
	if err := s.fillTags(r, c, cu, &p.Tags); err != nil {
		return err
	}
	if p.Wishes, err = s.wishesBeside(r, c, cu.ID); err != nil {
		return err
	}
	if err := s.fillDesk(r, c, cu, &p.Desk); err != nil {
		return err
	}
	if p.Card.Card, err = s.loyaltyCard(r, c, cu.ID); err != nil {
		return err
	}
	p.Card.ID = cu.ID
	if p.Writing, err = s.writing(r, c, crm.Correspondence{Customer: cu.ID}); err != nil {
		return err
	}
	p.Timeline = c.timeline(cu, items, time.Time{})
	p.Timeline.First = after == crm.PageKey{}
	p.Timeline.Refresh = refreshAddress(id, items, s.Now())
	if (next != crm.PageKey{}) {
		p.Timeline.Older = fmt.Sprintf("/customers/%d?after=%s", id, formatKey(next))
	}
	if p.Head, err = s.customerHead(r, c, cu, items, next != crm.PageKey{}); err != nil {
		return err
	}
	if isFragment(r) && after != (crm.PageKey{}) { // "show older" adds to the list in place
		return s.renderPart(w, r, c, "customer", "timeline-more", p.Timeline)
	}
	s.render(w, r, c, status, "customer", p)
	return nil
}

func customerPath(id crm.CustomerID) string { return fmt.Sprintf("/customers/%d", id) }

// refreshAddress asks for all entries down to the oldest shown now, so that a
// refresh never takes away what somebody is reading.
func refreshAddress(id crm.CustomerID, items []crm.TimelineItem, now time.Time) string {
	v := url.Values{"seen": {formatKey(crm.PageKey{At: now})}}
	if n := len(items); n > 0 {
		v.Set("until", formatKey(crm.PageKey{At: items[n-1].At}))
		v.Set("count", fmt.Sprint(n))
	}
	return fmt.Sprintf("/customers/%d/timeline?%s", id, v.Encode())
}

// timelinePart gives the entries again for a page that is open.
func (s *Server) timelinePart(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	until, err1 := parseKey(r.URL.Query().Get("until"))
	seen, err2 := parseKey(r.URL.Query().Get("seen"))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var items []crm.TimelineItem
	for after := (crm.PageKey{}); len(items) < timelineRefresh; {
		page, next, err := s.Store.Timeline(r.Context(), c.viewer, cu.ID, after, timelinePerPage)
		if err != nil {
			return err
		}
		items = append(items, page...)
		if (next == crm.PageKey{}) || len(page) == 0 || until.At.IsZero() || page[len(page)-1].At.Before(until.At) {
			break
		}
		after = next
	}
	for n := len(items); n > 0 && !until.At.IsZero() && items[n-1].At.Before(until.At.Truncate(time.Microsecond)); n-- {
		items = items[:n-1]
	}
	t := c.timeline(cu, items, seen.At)
	return s.renderPart(w, r, c, "customer", "timeline-lines", t)
}

// customerHeadPart gives the head again: last contact, counts, who waits.
func (s *Server) customerHeadPart(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	items, next, err := s.Store.Timeline(r.Context(), c.viewer, cu.ID, crm.PageKey{}, timelinePerPage)
	if err != nil {
		return err
	}
	h, err := s.customerHead(r, c, cu, items, next != crm.PageKey{})
	if err != nil {
		return err
	}
	return s.renderPart(w, r, c, "customer", "customer-head", h)
}

// timeline makes lines of entries; what is newer than seen is marked as new.
func (c *call) timeline(cu crm.Customer, items []crm.TimelineItem, seen time.Time) Timeline {
	t := Timeline{Customer: cu.ID}
	day := ""
	for _, it := range items {
		if d := c.clock.dayID(it.At); d != day {
			day = d
			t.Lines = append(t.Lines, TimelineLine{ID: d, Heading: c.clock.day(it.At)})
		}
		l := TimelineLine{When: c.clock.at(it.At), Author: it.Staff, New: !seen.IsZero() && it.At.After(seen)}
		if len(cu.Contacts) > 1 {
			l.Contact = it.Contact
		}
		switch {
		case it.Mail != nil:
			card := c.mailCard(*it.Mail, l.When)
			card.Why, card.Customer, card.Back, card.Replies = c.why(it.Link, it.Contact), cu.ID, customerPath(cu.ID), answerable(it.Mail)
			l.Mail, l.ID = &card, fmt.Sprintf("mail-%d", it.Mail.ID)
		case it.Note != nil:
			l.Note, l.ID = it.Note, fmt.Sprintf("note-%d", it.Note.ID)
		case it.Order != nil:
			card := c.orderCard(it.Order)
			l.Order, l.ID = &card, fmt.Sprintf("order-%d", it.Order.ID)
		case it.Wish != nil:
			lines := c.wishLines([]crm.WishRow{*it.Wish}, customerPath(cu.ID))
			l.Wish, l.ID = &lines[0], fmt.Sprintf("wish-%d", it.Wish.ID)
		case it.Vote != nil:
			l.Voice, l.ID = &Voice{c.t("timeline.vote", it.Vote.Score, it.Vote.Survey), it.Vote.Words}, fmt.Sprintf("vote-%d", it.Vote.ID)
		case it.Feedback != nil:
			l.Voice, l.ID = &Voice{c.t("timeline.feedback", it.Feedback.Address), it.Feedback.Words}, fmt.Sprintf("feedback-%d", it.Feedback.ID)
		default:
			continue
		}
		t.Lines = append(t.Lines, l)
	}
	return t
}

// customerHead gathers the facts above the timeline. The counts stand in the
// customer's row of the list, which is asked for by the first address.
func (s *Server) customerHead(r *http.Request, c *call, cu crm.Customer, items []crm.TimelineItem, more bool) (CustomerHead, error) {
	h := CustomerHead{ID: cu.ID, Name: cu.Name, Contacts: cu.Contacts, Knows: c.knowsBest(items), Since: c.clock.stamp(cu.Created)}
	if cu.Language != "" {
		h.Language = c.t("customer.language", c.languageName(cu.Language))
	}
	var err error
	if h.Shown, err = s.proposals(r, c, cu); err != nil {
		return h, err
	}
	asks, err := s.Wishes.WishProposals(r.Context(), c.viewer, cu.ID, maxAsksBeside)
	if err != nil {
		return h, err
	}
	h.Asks, h.Tags = c.wishAsks(asks, customerPath(cu.ID)), tagLinks(cu.Tags)
	if h.Open, h.Closed, err = s.waitingOf(r, c, cu.ID); err != nil {
		return h, err
	}
	row, found, err := s.customerRow(r, c, cu)
	if err != nil {
		return h, err
	}
	if !found {
		row = rowOf(items)
	}
	h.Mails = c.n("count.mails", row.Mails)
	if row.Notes > 0 {
		h.Notes = c.n("count.notes", row.Notes)
	}
	if !found && more {
		h.Mails, h.Notes = c.t("count.more-than", timelinePerPage), ""
	}
	h.Last, h.Waiting = c.clock.ago(latest(row.LastIn, row.LastOut)), len(h.Open) > 0
	if cu.Owner != 0 {
		all, err := s.Store.Staff(r.Context())
		if err != nil {
			return h, err
		}
		for _, st := range all {
			if st.ID == cu.Owner {
				h.Owner = st.Name
			}
		}
	}
	return h, nil
}

func (s *Server) customerRow(r *http.Request, c *call, cu crm.Customer) (crm.CustomerRow, bool, error) {
	text := cu.Name
	for _, k := range cu.Contacts {
		if len(k.Addresses) > 0 {
			text = string(k.Addresses[0].Address)
			break
		}
	}
	rows, _, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: text, Limit: 20})
	for _, row := range rows {
		if row.ID == cu.ID {
			return row, true, err
		}
	}
	return crm.CustomerRow{}, false, err
}

// rowOf counts what the timeline shows.
func rowOf(items []crm.TimelineItem) (row crm.CustomerRow) {
	for _, it := range items {
		switch {
		case it.Note != nil:
			row.Notes++
		case it.Mail != nil:
			row.Mails++
			if it.Mail.Direction == crm.Out {
				row.LastOut = latest(row.LastOut, it.At)
			} else if it.Mail.Class == crm.ClassHuman {
				row.LastIn = latest(row.LastIn, it.At)
			}
		}
	}
	return row
}

// knowsBest says who of us wrote most of the latest mails to the customer; it
// says nothing on thin evidence.
func (c *call) knowsBest(items []crm.TimelineItem) string {
	by, total, best := map[string]int{}, 0, ""
	for _, it := range items {
		if it.Mail == nil || it.Mail.Direction != crm.Out || it.Mail.Class != crm.ClassHuman {
			continue
		}
		name := it.Mail.From.Display()
		by[name]++
		total++
		if best == "" || by[name] > by[best] {
			best = name
		}
	}
	if total < 2 || by[best]*2 <= total {
		return ""
	}
	return c.t("customer.knows", best, by[best], total)
}
