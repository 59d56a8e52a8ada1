package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"

	"kaveri/crm"
)

// entry is a place on a timeline: a mail, through one contact, a note, an order,
// a wish, or what somebody answered or sent us by a form.
type entry struct {
	at, id     int64
	contact    int64
	name       string
	link       crm.Link
	confidence int64
	item       crm.TimelineItem // of what is no mail
	note       *crm.Note
	order      *crm.Order
	author     string
}

// before sorts entries from the newest to the oldest; of the several links of
// one mail the surest comes first.
func (e entry) before(o entry) int {
	for _, d := range [][2]int64{{o.at, e.at}, {o.id, e.id}, {o.confidence, e.confidence}, {e.contact, o.contact}} {
		if d[0] < d[1] {
			return -1
		} else if d[0] > d[1] {
			return 1
		}
	}
	return 0
}

// Timeline gives what is known of a customer, of mails and wishes those that the viewer
// may see, newest first, and the key of the next page, zero at the end. A mail
// linked to two contacts stands there once.
func (s *Store) Timeline(ctx context.Context, v crm.Viewer, id crm.CustomerID, page crm.PageKey, limit int) ([]crm.TimelineItem, crm.PageKey, error) {
	if !mayRead(v) {
		return nil, crm.PageKey{}, noCustomer(id)
	}
	limit = pageLimit(limit, 50)
	var items []crm.TimelineItem
	var next crm.PageKey
	err := s.view(ctx, func(x *tx) error {
		c, err := x.customer(id)
		if err != nil {
			return err
		}
		// Each contact's links lie in the order of the page, so that asking one
		// by one reads no more than is shown.
		entries, err := x.notesBefore(c.ID, page, limit+1)
		if err != nil {
			return err
		}
		for _, k := range c.Contacts {
			more, err := x.mailsBefore(v, k, page, limit+1)
			if err != nil {
				return err
			}
			entries = append(entries, more...)
		}
		orders, err := x.ordersBefore(c.ID, page, limit+1)
		if err != nil {
			return err
		}
		entries = append(entries, orders...)
		voices, err := x.voicesBefore(v, c.ID, page, limit+1)
		if err != nil {
			return err
		}
		entries = append(entries, voices...)
		slices.SortFunc(entries, entry.before)
		entries = slices.CompactFunc(entries, func(a, b entry) bool { return a.id == b.id })
		entries, next = paged(entries, limit, func(e *entry) crm.PageKey { return crm.PageKey{At: fromMicros(e.at), ID: e.id} })
		items, err = x.timelineItems(entries)
		return err
	})
	return items, next, err
}

func (x *tx) mailsBefore(v crm.Viewer, k crm.Contact, page crm.PageKey, limit int) ([]entry, error) {
	at, id := after(page)
	condition, args := visible(v, []any{int64(k.ID), at, id, limit})
	rows, err := x.query(`SELECT l.at_us, l.message_id, l.rule, l.evidence, l.confidence FROM links l JOIN messages m ON m.id = l.message_id
WHERE l.contact_id = $1 AND (l.at_us, l.message_id) < ($2, $3) AND `+condition+` ORDER BY l.at_us DESC, l.message_id DESC LIMIT $4`, args...)
	return collect(rows, err, func(r *sql.Rows, e *entry) error {
		err := r.Scan(&e.at, &e.id, &e.link.Rule, &e.link.Evidence, &e.confidence)
		e.contact, e.name = int64(k.ID), k.Name
		e.link.Message, e.link.Contact, e.link.Customer = crm.MessageID(e.id), k.ID, k.Customer
		e.link.Confidence = float64(e.confidence) / confidenceUnit
		return err
	})
}

func (x *tx) notesBefore(c crm.CustomerID, page crm.PageKey, limit int) ([]entry, error) {
	at, id := after(page)
	rows, err := x.query(`SELECT n.at_us, n.id, n.customer_id, COALESCE(n.contact_id, 0), n.staff_id, n.kind, n.body, st.name, COALESCE(ct.name, '')
FROM notes n JOIN staff st ON st.id = n.staff_id LEFT JOIN contacts ct ON ct.id = n.contact_id
WHERE n.customer_id = $1 AND (n.at_us, n.id) < ($2, $3) ORDER BY n.at_us DESC, n.id DESC LIMIT $4`, int64(c), at, id, limit)
	return collect(rows, err, func(r *sql.Rows, e *entry) error {
		n := &crm.Note{}
		err := r.Scan(&e.at, &e.id, &n.Customer, &n.Contact, &n.Staff, &n.Kind, &n.Body, &e.author, &e.name)
		n.ID, n.At = crm.NoteID(e.id), fromMicros(e.at)
		e.contact, e.note = int64(n.Contact), n
		return err
	})
}

func (x *tx) timelineItems(entries []entry) ([]crm.TimelineItem, error) {
	var ids []int64
	for _, e := range entries {
		if e.note == nil && e.order == nil && e.item.Kind == "" {
			ids = append(ids, e.id)
		}
	}
	mails, err := x.mailRows(ids)
	if err != nil {
		return nil, err
	}
	items := make([]crm.TimelineItem, 0, len(entries))
	for _, e := range entries {
		item := crm.TimelineItem{Kind: "mail", At: fromMicros(e.at), Contact: e.name, Link: e.link}
		switch {
		case e.note != nil:
			item.Kind, item.Note, item.Staff = "note", e.note, e.author
		case e.order != nil:
			item.Kind, item.Order = "order", e.order
		case e.item.Kind != "":
			e.item.At, e.item.Contact = item.At, item.Contact
			item = e.item
		default:
			item.Mail = mails[e.id]
		}
		items = append(items, item)
	}
	return items, x.fillTimelineOrders(items)
}

// maxConversation bounds a conversation as it is shown: its newest mails.
const maxConversation = 1000

// Conversation gives the mails of a conversation that the viewer may see, topic
// by topic, each oldest first; of a very long one the newest thousand.
func (s *Store) Conversation(ctx context.Context, v crm.Viewer, id crm.ConversationID) ([]crm.MailRow, error) {
	var out []crm.MailRow
	err := s.view(ctx, func(x *tx) error {
		condition, args := visible(v, []any{int64(id)})
		ids, err := column[int64](x, `SELECT m.id FROM messages m WHERE m.conversation_id = $1 AND `+condition+` ORDER BY m.at_us DESC, m.id DESC LIMIT `+strconv.Itoa(maxConversation), args...)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return crm.Of("conversation", crm.NotFound("no conversation has the number %d", id))
		}
		mails, err := x.mailRows(ids)
		if err != nil {
			return err
		}
		out = out[:0]
		for _, id := range slices.Backward(ids) {
			out = append(out, *mails[id])
		}
		return x.orderTopics(out)
	})
	return out, err
}
