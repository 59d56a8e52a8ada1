package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// said reads a customer's timeline as the rules do.
func (m *memory) said(id crm.CustomerID) (out []crm.Said) {
	for _, it := range m.items[id] {
		switch {
		case it.Note != nil && it.Note.Kind == crm.NoteKindCall:
			out = append(out, crm.Said{Call: true, At: it.At})
		case it.Mail != nil && it.Mail.Class == crm.ClassHuman:
			w := crm.Wording{Class: it.Mail.Class, Subject: it.Mail.Subject, Words: it.Mail.Preview, Author: it.Mail.From.Name, Files: it.Mail.Attachments}
			_, closed := m.closed[it.Mail.ID]
			out = append(out, crm.Said{Mail: it.Mail.ID, Conversation: it.Mail.Conversation, At: it.At, Side: it.Link.Side(it.Mail.Direction), Asks: w.CallsForAnswer(), Closed: closed})
		}
	}
	return out
}

func (m *memory) Waiting(_ context.Context, v crm.Viewer, customer crm.CustomerID) (out []crm.WaitingRow, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.customers {
		e := crm.ExchangeOf(m.said(c.ID), now)
		for _, q := range e.Waiting {
			mail := m.views[q.Mail]
			if customer != 0 && c.ID != customer || !m.sees(v, q.Mail) {
				continue
			}
			if i := slices.IndexFunc(out, func(w crm.WaitingRow) bool { return w.Customer == c.ID && w.Conversation == q.Conversation }); i >= 0 {
				out[i].Newest, out[i].Mails, out[i].Subject, out[i].Preview = q.Mail, out[i].Mails+1, mail.Subject, mail.Preview
				continue
			}
			_, private := m.private[q.Mail]
			w := crm.WaitingRow{Customer: c.ID, Name: c.Name, Conversation: q.Conversation, First: q.Mail, Newest: q.Mail, Mails: 1, Since: q.At, Contact: mail.From.Display(), Subject: mail.Subject, Preview: mail.Preview, Private: private}
			for _, s := range m.staff {
				if s.ID == c.Owner {
					w.Owner = s.Name
				}
			}
			for _, l := range m.register.rows {
				if l.Customer == c.ID {
					w.Rung, w.Note, w.Timing = l.Rung, l.Note, l.Timing
				}
			}
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b crm.WaitingRow) int { return a.Since.Compare(b.Since) })
	return out, m.broken
}

func (m *memory) Closed(_ context.Context, v crm.Viewer, customer crm.CustomerID, since time.Time) (out []crm.ClosedRow, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, row := range m.closed {
		if (customer == 0 || row.Customer == customer) && row.At.After(since) && m.sees(v, id) {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b crm.ClosedRow) int { return int(a.Mail - b.Mail) })
	return out, nil
}

func (m *memory) CloseQuestion(_ context.Context, v crm.Viewer, id crm.MessageID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	mail, ok := m.views[id]
	if !ok || !m.sees(v, id) {
		return crm.NotFound("no such mail")
	}
	e := crm.ExchangeOf(m.said(mail.Links[0].Customer), now)
	if !slices.ContainsFunc(e.Waiting, func(q crm.Question) bool { return q.Mail == id }) {
		return crm.Conflict("it does not wait")
	}
	name := ""
	for _, s := range m.staff {
		if s.ID == v.Staff {
			name = s.Name
		}
	}
	m.closed[id] = crm.ClosedRow{Mail: id, Conversation: mail.Conversation, Customer: mail.Links[0].Customer, Name: mail.Links[0].CustomerName, Subject: mail.Subject, Staff: name, At: now}
	return nil
}

func (m *memory) ReopenQuestion(_ context.Context, v crm.Viewer, id crm.MessageID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.sees(v, id) {
		return crm.NotFound("no such mail")
	}
	if _, ok := m.closed[id]; !ok {
		return crm.Conflict("nobody has said so")
	}
	delete(m.closed, id)
	return nil
}

func (m *memory) Knowers(_ context.Context, _ crm.Viewer, of []crm.CustomerID) (map[crm.CustomerID]crm.Knower, error) {
	out := map[crm.CustomerID]crm.Knower{}
	for _, id := range of {
		if id%2 == 1 {
			out[id] = crm.Knower{Name: "Sari Koskinen", Mails: 7, Of: 9}
		}
	}
	return out, nil
}

func (m *memory) Tags(context.Context, crm.Viewer) (out []crm.Tag, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := map[string]int{}
	for _, c := range m.customers {
		for _, t := range c.Tags {
			n[t]++
		}
	}
	for t, k := range n {
		out = append(out, crm.Tag{Name: t, Customers: k})
	}
	slices.SortFunc(out, func(a, b crm.Tag) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// tagged changes the tags of a customer.
func (m *memory) tagged(id crm.CustomerID, change func(*crm.Customer) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.customers {
		if m.customers[i].ID == id {
			m.customers[i].Tags = slices.Clone(m.customers[i].Tags)
			err := change(&m.customers[i])
			slices.Sort(m.customers[i].Tags)
			return err
		}
	}
	return crm.NotFound("no such customer")
}

func (m *memory) AddTag(_ context.Context, _ crm.Viewer, id crm.CustomerID, tag string) (string, error) {
	_, name, err := crm.ParseTag(tag)
	if err != nil {
		return "", err
	}
	return name, m.tagged(id, func(c *crm.Customer) error {
		if !slices.Contains(c.Tags, name) {
			c.Tags = append(c.Tags, name)
		}
		return nil
	})
}

func (m *memory) RemoveTag(_ context.Context, _ crm.Viewer, id crm.CustomerID, tag string) error {
	return m.tagged(id, func(c *crm.Customer) error {
		i := slices.Index(c.Tags, tag)
		if i < 0 {
			return crm.NotFound("no such tag")
		}
		c.Tags = slices.Delete(c.Tags, i, i+1)
		return nil
	})
}
