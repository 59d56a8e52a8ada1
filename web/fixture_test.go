package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
)

// now is the fixed clock of the fixture: a Wednesday in Helsinki.
var now = time.Date(2026, 11, 18, 12, 40, 0, 0, time.UTC)

// memory is a small Store in memory: pages need data, and package store must
// not be imported here. The real one is tested with the whole program.
type memory struct {
	mu        sync.Mutex
	firm      crm.Firm
	staff     []crm.Staff
	passwords map[string]string
	sessions  map[[32]byte]crm.StaffID
	customers []crm.Customer
	items     map[crm.CustomerID][]crm.TimelineItem // newest first
	views     map[crm.MessageID]crm.MailView
	texts     map[crm.MessageID]string
	html      map[crm.MessageID]string
	private   map[crm.MessageID][]crm.StaffID // holders
	boxes     []crm.MailboxHealth
	aside     []crm.Quarantined
	listeners map[chan crm.Event]bool
	next      int64
	reviews   []crm.Review // open, newest first
	answered  map[crm.ReviewID]bool
	closed    map[crm.MessageID]crm.ClosedRow
	merges    map[crm.CustomerID][]crm.MergeRow
	proposed  []crm.DetailProposal // newest first
	gone      []goneCustomer       // merged into others
	outbox    *outbox
	intake    *intake
	excluded  []crm.Exclusion
	book      *book
	register  *register
	stall     *stall
	letters   *letters
	team      *team
	broken    error // every read fails with it
	full      error // every note fails with it
}

func newMemory() *memory {
	m := &memory{passwords: map[string]string{}, sessions: map[[32]byte]crm.StaffID{}, items: map[crm.CustomerID][]crm.TimelineItem{}, views: map[crm.MessageID]crm.MailView{},
		texts: map[crm.MessageID]string{}, html: map[crm.MessageID]string{}, private: map[crm.MessageID][]crm.StaffID{}, listeners: map[chan crm.Event]bool{}, merges: map[crm.CustomerID][]crm.MergeRow{}, answered: map[crm.ReviewID]bool{}, closed: map[crm.MessageID]crm.ClosedRow{}, outbox: &outbox{}, register: registerOf(0), stall: stallOf(0, 0), intake: newIntake(), next: 1000}
	m.letters = newLetters(m)
	m.team = newTeam(m)
	m.book = &book{m: m, recommended: map[crm.ContactID]crm.ContactID{}}
	return m
}

func (m *memory) id() int64 { m.next++; return m.next }

func (m *memory) Firm(context.Context) (crm.Firm, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.firm.Name == "" {
		return crm.Firm{}, crm.NotFound("no firm yet")
	}
	return m.firm, nil
}

func (m *memory) SaveFirm(_ context.Context, v crm.Viewer, f crm.Firm) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !v.MayAdminister() {
		return crm.Forbidden("no")
	}
	m.firm = f
	return nil
}

func (m *memory) Staff(context.Context) ([]crm.Staff, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.staff), nil
}

func (m *memory) DisableStaff(_ context.Context, v crm.Viewer, id crm.StaffID, disabled bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !v.MayAdminister() {
		return crm.Forbidden("no")
	}
	for i := range m.staff {
		if m.staff[i].ID == id {
			m.staff[i].Disabled = disabled
			maps.DeleteFunc(m.sessions, func(_ [32]byte, of crm.StaffID) bool { return of == id })
			return nil
		}
	}
	return crm.Of("colleague", crm.NotFound("no such colleague"))
}

func (m *memory) AddStaff(_ context.Context, v crm.Viewer, s crm.Staff, password string) (crm.Staff, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !v.MayAdminister() {
		return s, crm.Forbidden("no")
	}
	for _, have := range m.staff {
		if have.Address == s.Address {
			return s, &crm.Error{Kind: crm.KindConflict, Field: "address", Text: "somebody with this address can sign in already"}
		}
	}
	s.ID = crm.StaffID(m.id())
	m.staff = append(m.staff, s)
	m.passwords[string(s.Address)] = password
	return s, nil
}

func (m *memory) SignIn(_ context.Context, address, password string) (crm.Staff, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.staff {
		if string(s.Address) == address && m.passwords[address] == password {
			return s, nil
		}
	}
	return crm.Staff{}, crm.Forbidden("wrong address or password")
}

func (m *memory) NewSession(_ context.Context, h [32]byte, id crm.StaffID, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[h] = id
	return nil
}

func (m *memory) Session(_ context.Context, h [32]byte, _ time.Time) (crm.Staff, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.staff {
		if s.ID == m.sessions[h] {
			return s, nil
		}
	}
	return crm.Staff{}, crm.NotFound("no session")
}

func (m *memory) EndSession(_ context.Context, h [32]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, h)
	return nil
}

func (m *memory) sees(v crm.Viewer, id crm.MessageID) bool {
	holders, private := m.private[id]
	return v.MaySee(crm.Visibility{Private: private, Holders: holders})
}

func (m *memory) row(v crm.Viewer, c crm.Customer) crm.CustomerRow {
	var mine []crm.TimelineItem
	for _, it := range m.items[c.ID] {
		if it.Mail == nil || m.sees(v, it.Mail.ID) {
			mine = append(mine, it)
		}
	}
	r := rowOf(mine)
	r.ID, r.Name, r.Contacts, r.Tags = c.ID, c.Name, len(c.Contacts), c.Tags
	for _, q := range (crm.ExchangeOf(m.said(c.ID), now)).Waiting {
		if m.sees(v, q.Mail) && r.Waits.IsZero() {
			r.Waits = q.At
		}
	}
	if len(c.Contacts) > 0 && len(c.Contacts[0].Addresses) > 0 {
		r.Address = c.Contacts[0].Addresses[0].Address
	}
	return r
}

func (m *memory) Customers(_ context.Context, v crm.Viewer, q crm.CustomerQuery) ([]crm.CustomerRow, crm.PageKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return nil, crm.PageKey{}, m.broken
	}
	var out []crm.CustomerRow
	for _, c := range m.customers {
		r := m.row(v, c)
		all := strings.ToLower(c.Name)
		for _, k := range c.Contacts {
			for _, a := range k.Addresses {
				all += " " + string(a.Address)
			}
		}
		tagged := q.Tag == "" || slices.ContainsFunc(c.Tags, func(t string) bool { return strings.EqualFold(t, q.Tag) })
		if tagged && strings.Contains(all, strings.ToLower(q.Text)) {
			out = append(out, r)
		}
	}
	key := func(r crm.CustomerRow) crm.PageKey {
		return crm.PageKey{At: latest(r.LastIn, r.LastOut), ID: int64(r.ID)}
	}
	slices.SortFunc(out, func(a, b crm.CustomerRow) int { return compareKeys(key(b), key(a)) })
	return page(out, key, q.After, q.Limit)
}

func compareKeys(a, b crm.PageKey) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return cmp.Compare(a.ID, b.ID)
}

// page cuts a keyset page out of rows that are sorted newest first.
func page[T any](rows []T, key func(T) crm.PageKey, after crm.PageKey, limit int) ([]T, crm.PageKey, error) {
	if (after != crm.PageKey{}) {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r T) bool { return compareKeys(key(r), after) >= 0 })
	}
	if limit == 0 {
		limit = 50
	}
	if len(rows) <= limit {
		return rows, crm.PageKey{}, nil
	}
	return rows[:limit], key(rows[limit-1]), nil
}

func (m *memory) Customer(_ context.Context, _ crm.Viewer, id crm.CustomerID) (crm.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.customers {
		if c.ID == id {
			return c, nil
		}
		for _, g := range m.gone {
			if g.was.ID == id && g.into == c.ID {
				return c, nil
			}
		}
	}
	return crm.Customer{}, crm.NotFound("no such customer")
}

func (m *memory) AddCustomer(_ context.Context, _ crm.Viewer, name string, addresses []crm.Address) (crm.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := crm.Customer{ID: crm.CustomerID(m.id()), Name: name, Created: now}
	k := crm.Contact{ID: crm.ContactID(m.id()), Customer: c.ID, Name: name}
	for _, a := range addresses {
		k.Addresses = append(k.Addresses, crm.ContactAddress{Address: a})
	}
	c.Contacts = []crm.Contact{k}
	m.customers = append(m.customers, c)
	return c, nil
}

func (m *memory) Timeline(_ context.Context, v crm.Viewer, id crm.CustomerID, after crm.PageKey, limit int) ([]crm.TimelineItem, crm.PageKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var mine []crm.TimelineItem
	for _, it := range m.items[id] {
		if it.Mail == nil || m.sees(v, it.Mail.ID) {
			mine = append(mine, it)
		}
	}
	return page(mine, func(it crm.TimelineItem) crm.PageKey {
		if it.Mail != nil {
			return crm.PageKey{At: it.At, ID: int64(it.Mail.ID)}
		}
		if it.Order != nil {
			return crm.PageKey{At: it.At, ID: int64(it.Order.ID)}
		}
		return crm.PageKey{At: it.At, ID: int64(it.Note.ID)}
	}, after, limit)
}

func (m *memory) Mail(_ context.Context, v crm.Viewer, id crm.MessageID) (crm.MailView, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	view, ok := m.views[id]
	if !ok || !m.sees(v, id) {
		return crm.MailView{}, crm.NotFound("no such mail")
	}
	_, view.Private = m.private[id]
	return view, nil
}

func (m *memory) RawMail(ctx context.Context, v crm.Viewer, id crm.MessageID) ([]byte, error) {
	if _, err := m.Mail(ctx, v, id); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "Message-Number: %d\r\n\r\nraw", id), nil
}

func (m *memory) MailText(ctx context.Context, v crm.Viewer, id crm.MessageID) (crm.Letter, error) {
	if _, err := m.Mail(ctx, v, id); err != nil {
		return crm.Letter{}, err
	}
	l := crm.Letter{Text: m.texts[id]}
	if new, _, quoted := strings.Cut(l.Text, "\n>"); quoted {
		l.New = new
	}
	return l, nil
}

func (m *memory) SetTopic(ctx context.Context, v crm.Viewer, id crm.MessageID, begins bool) error {
	if _, err := m.Mail(ctx, v, id); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	view := m.views[id]
	view.Begins = begins
	m.views[id] = view
	return nil
}

func (m *memory) Conversation(_ context.Context, v crm.Viewer, id crm.ConversationID) ([]crm.MailRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []crm.MailRow
	for mid, view := range m.views {
		if view.Conversation == id && m.sees(v, mid) {
			out = append(out, view.MailRow)
		}
	}
	slices.SortFunc(out, func(a, b crm.MailRow) int { return a.At.Compare(b.At) })
	return out, nil
}

func (m *memory) Search(_ context.Context, v crm.Viewer, query string, limit int) ([]crm.SearchHit, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []crm.SearchHit
	for id, view := range m.views {
		text := view.Subject + " – " + m.texts[id]
		i := strings.Index(strings.ToLower(text), strings.ToLower(query))
		if i < 0 || !m.sees(v, id) {
			continue
		}
		hit := crm.SearchHit{MailRow: view.MailRow, Snippet: []crm.SnippetPart{{Text: text[max(0, i-60):i]}, {Text: text[i : i+len(query)], Hit: true}, {Text: text[i+len(query) : min(len(text), i+160)]}}}
		for _, l := range view.Links {
			hit.Customers = append(hit.Customers, crm.CustomerRef{ID: l.Customer, Name: l.CustomerName})
		}
		for i := range hit.Snippet {
			hit.Snippet[i].Text = strings.ToValidUTF8(hit.Snippet[i].Text, "")
		}
		out = append(out, hit)
	}
	slices.SortFunc(out, func(a, b crm.SearchHit) int { return b.At.Compare(a.At) })
	return out[:min(len(out), limit)], nil
}

func (m *memory) AddNote(_ context.Context, v crm.Viewer, n crm.Note) (crm.Note, error) {
	m.mu.Lock()
	if m.full != nil {
		defer m.mu.Unlock()
		return crm.Note{}, m.full
	}
	n.ID = crm.NoteID(m.id())
	name := ""
	for _, s := range m.staff {
		if s.ID == v.Staff {
			name = s.Name
		}
	}
	m.items[n.Customer] = append([]crm.TimelineItem{{Kind: "note", At: n.At, Note: &n, Staff: name}}, m.items[n.Customer]...)
	m.mu.Unlock()
	m.tell(crm.Event{Kind: "note", Customer: n.Customer})
	return n, nil
}

func (m *memory) SetPrivate(_ context.Context, v crm.Viewer, id crm.MessageID, private bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.views[id]; !ok {
		return crm.NotFound("no such mail")
	}
	delete(m.private, id)
	if private {
		m.private[id] = []crm.StaffID{v.Staff}
	}
	return nil
}

func (m *memory) Health(context.Context, crm.Viewer) ([]crm.MailboxHealth, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.boxes), nil
}

func (m *memory) AddMailbox(_ context.Context, _ crm.Viewer, b crm.Mailbox) (crm.Mailbox, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b.ID = crm.MailboxID(m.id())
	m.boxes = append(m.boxes, crm.MailboxHealth{Mailbox: b, Owner: "?"})
	return b, nil
}

func (m *memory) RemoveMailbox(_ context.Context, _ crm.Viewer, id crm.MailboxID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.boxes = slices.DeleteFunc(m.boxes, func(b crm.MailboxHealth) bool { return b.ID == id })
	return nil
}

// owns refuses what only its owner may do to a mailbox, and an administrator for
// the firm.
func (m *memory) owns(v crm.Viewer, box crm.MailboxID) error {
	for _, b := range m.boxes {
		if b.ID == box && b.Staff == v.Staff {
			return nil
		}
	}
	if box == 0 && v.MayAdminister() {
		return nil
	}
	return crm.Forbidden("no")
}

func (m *memory) Exclusions(_ context.Context, v crm.Viewer, box crm.MailboxID) (out []crm.Exclusion, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if box != 0 {
		err = m.owns(v, box)
	}
	for _, e := range m.excluded {
		if e.Mailbox == box && err == nil {
			out = append(out, e)
		}
	}
	return out, err
}

func (m *memory) PreviewExclusion(_ context.Context, v crm.Viewer, e crm.Exclusion) (crm.ExclusionEffect, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if strings.HasSuffix(e.Value, "postia.example") {
		return crm.ExclusionEffect{Removed: 37, Shared: 2, ByHand: 1}, m.owns(v, e.Mailbox)
	}
	return crm.ExclusionEffect{}, m.owns(v, e.Mailbox)
}

func (m *memory) AddExclusion(ctx context.Context, v crm.Viewer, e crm.Exclusion) (crm.Exclusion, crm.ExclusionEffect, error) {
	effect, err := m.PreviewExclusion(ctx, v, e)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, have := range m.excluded {
		if have.Mailbox == e.Mailbox && have.Value == e.Value {
			err = &crm.Error{Kind: crm.KindConflict, Field: "exclusion", Text: e.Value + " is excluded already"}
		}
	}
	if err == nil {
		e.ID, e.At = crm.ExclusionID(m.id()), now
		m.excluded = append(m.excluded, e)
	}
	return e, effect, err
}

func (m *memory) RemoveExclusion(_ context.Context, v crm.Viewer, id crm.ExclusionID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, e := range m.excluded {
		if e.ID == id {
			if err := m.owns(v, e.Mailbox); err != nil {
				return err
			}
			m.excluded = slices.Delete(m.excluded, i, i+1)
			return nil
		}
	}
	return crm.NotFound("no exclusion has the number %d", id)
}

func (m *memory) Quarantine(context.Context, crm.Viewer) ([]crm.Quarantined, error) {
	return m.aside, nil
}

func (m *memory) Subscribe(ctx context.Context) <-chan crm.Event {
	ch := make(chan crm.Event, 16)
	m.mu.Lock()
	m.listeners[ch] = true
	m.mu.Unlock()
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.listeners, ch)
		close(ch)
	})
	return ch
}

func (m *memory) tell(e crm.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ch := range m.listeners {
		select {
		case ch <- e:
		default:
		}
	}
}

// Reader over the fixture: the raw names the mail.

func (m *memory) Open(raw []byte) *crm.Message {
	var id crm.MessageID
	fmt.Sscanf(string(raw), "Message-Number: %d", &id)
	return &crm.Message{Text: m.texts[id], HTML: m.html[id]}
}

func (m *memory) Part(_ []byte, path string) ([]byte, error) {
	if path == "2" {
		return []byte("%PDF-1.7 Matkaohjelma"), nil
	}
	return nil, crm.NotFound("no such part")
}

// A picture of one green dot.
var dot = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x1d\x63\x55\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

func (m *memory) Inline(_ []byte, id string) ([]byte, string, error) {
	switch id {
	case "logo@saarimatkat.example":
		return dot, "image/gif", nil
	case "evil@x":
		return []byte("<svg onload=alert(1)>"), "image/svg+xml", nil
	}
	return nil, "", errors.New("no such part")
}

// Connector: one provider is known, one password is right.

func (m *memory) Discover(_ context.Context, a crm.Address) ([]crm.Mailbox, error) {
	if a.Domain() == "nowhere.example" {
		return nil, nil
	}
	return []crm.Mailbox{{Host: "imap." + a.Domain(), Port: 993, Security: crm.SecurityTLS, Username: string(a)}}, nil
}

func (m *memory) Try(_ context.Context, b crm.Mailbox) error {
	if b.Password != "right-password" {
		return crm.Invalid("password", "the server does not accept this password; your provider may want an app password")
	}
	return nil
}
