package web

import (
	"context"
	"slices"

	"kaveri/crm"
)

// What the memory keeps of questions, corrections, addresses and merges.

func (m *memory) Reviews(_ context.Context, v crm.Viewer, limit int) ([]crm.Review, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []crm.Review
	for _, q := range m.reviews {
		if (q.Message == 0 || m.sees(v, q.Message)) && len(out) < limit {
			if view, ok := m.views[q.Message]; ok {
				q.Mail = &view.MailRow
			}
			out = append(out, q)
		}
	}
	return out, nil
}

func (m *memory) MailReviews(ctx context.Context, v crm.Viewer, id crm.MessageID) ([]crm.Review, error) {
	all, err := m.Reviews(ctx, v, 1000)
	return slices.DeleteFunc(all, func(q crm.Review) bool { return q.Message != id }), err
}

func (m *memory) OpenReviews(ctx context.Context, v crm.Viewer) (int, error) {
	all, err := m.Reviews(ctx, v, 1000)
	return len(all), err
}

func (m *memory) DecideReview(ctx context.Context, v crm.Viewer, id crm.ReviewID, yes bool) error {
	all, _ := m.Reviews(ctx, v, 1000)
	i := slices.IndexFunc(all, func(q crm.Review) bool { return q.ID == id })
	if i < 0 && m.answered[id] {
		return &crm.Error{Kind: crm.KindConflict, Field: "question", Text: "it is answered already"}
	}
	if i < 0 {
		return crm.NotFound("no question has the number %d", id)
	}
	q := all[i]
	switch {
	case q.Kind == crm.ReviewMail:
		if err := m.Correct(ctx, v, q.Message, q.Contact, yes); err != nil {
			return err
		}
	case q.Kind == crm.ReviewMerge && yes:
		if _, err := m.Merge(ctx, v, q.Customer, q.OtherOf, true); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reviews = slices.DeleteFunc(m.reviews, func(r crm.Review) bool { return r.ID == id })
	m.answered[id] = true
	return nil
}

func (m *memory) contact(id crm.ContactID) (*crm.Customer, *crm.Contact) {
	for i := range m.customers {
		for j := range m.customers[i].Contacts {
			if m.customers[i].Contacts[j].ID == id {
				return &m.customers[i], &m.customers[i].Contacts[j]
			}
		}
	}
	return nil, nil
}

func (m *memory) staffName(id crm.StaffID) string {
	for _, s := range m.staff {
		if s.ID == id {
			return s.Name
		}
	}
	return ""
}

func (m *memory) Correct(_ context.Context, v crm.Viewer, id crm.MessageID, contact crm.ContactID, belongs bool) error {
	m.mu.Lock()
	view, ok := m.views[id]
	cu, k := m.contact(contact)
	if !ok || k == nil || !m.sees(v, id) {
		m.mu.Unlock()
		return crm.NotFound("no such mail or contact")
	}
	view.Links = slices.DeleteFunc(slices.Clone(view.Links), func(l crm.MailLink) bool { return l.Contact == contact })
	view.Denied = slices.DeleteFunc(slices.Clone(view.Denied), func(d crm.MailDenial) bool { return d.Contact == contact })
	m.items[cu.ID] = slices.DeleteFunc(slices.Clone(m.items[cu.ID]), func(it crm.TimelineItem) bool { return it.Mail != nil && it.Mail.ID == id })
	link := crm.Link{Message: id, Contact: contact, Customer: cu.ID, Rule: crm.RuleByHand, Evidence: "said by " + m.staffName(v.Staff), Confidence: 1}
	if belongs {
		view.Links = append(view.Links, crm.MailLink{Link: link, ContactName: k.Name, CustomerName: cu.Name})
	} else {
		view.Denied = append(view.Denied, crm.MailDenial{Contact: contact, ContactName: k.Name, Customer: cu.ID, CustomerName: cu.Name, Staff: m.staffName(v.Staff), At: now})
	}
	m.views[id] = view
	customer, name := cu.ID, k.Name
	m.mu.Unlock()
	if belongs {
		m.insert(customer, crm.TimelineItem{Kind: "mail", At: view.At, Mail: &view.MailRow, Contact: name, Link: link})
	}
	return nil
}

func (m *memory) AddAddress(_ context.Context, _ crm.Viewer, contact crm.ContactID, a crm.ContactAddress) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.firm.Internal(a.Address) {
		return crm.Invalid("address", "%s is one of your own addresses", a.Address)
	}
	_, k := m.contact(contact)
	k.Addresses = append(k.Addresses, a)
	return nil
}

func (m *memory) RemoveAddress(_ context.Context, _ crm.Viewer, contact crm.ContactID, a crm.Address) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, k := m.contact(contact)
	n := len(k.Addresses)
	k.Addresses = slices.DeleteFunc(slices.Clone(k.Addresses), func(u crm.ContactAddress) bool { return u.Address == a })
	if len(k.Addresses) == n {
		return crm.NotFound("%s is no address of this contact", a)
	}
	return nil
}

func (m *memory) RemoveDomain(_ context.Context, _ crm.Viewer, domain string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.customers {
		m.customers[i].Domains = slices.DeleteFunc(slices.Clone(m.customers[i].Domains), func(d string) bool { return d == domain })
	}
	return nil
}

func (m *memory) Merge(_ context.Context, v crm.Viewer, keep, other crm.CustomerID, samePerson bool) (crm.MergeID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if keep == other {
		return 0, crm.Invalid("customer", "these two are one customer already")
	}
	a := slices.IndexFunc(m.customers, func(c crm.Customer) bool { return c.ID == keep })
	b := slices.IndexFunc(m.customers, func(c crm.Customer) bool { return c.ID == other })
	if samePerson && (len(m.customers[a].Contacts) != 1 || len(m.customers[b].Contacts) != 1) {
		return 0, crm.Invalid("same person", "one of the customers has several contacts; merge them as one company")
	}
	row := crm.MergeRow{ID: crm.MergeID(m.id()), Other: other, Name: m.customers[b].Name, Staff: m.staffName(v.Staff), At: now}
	m.customers[a].Contacts = append(slices.Clone(m.customers[a].Contacts), m.customers[b].Contacts...)
	m.merges[keep] = append(m.merges[keep], row)
	m.gone = append(m.gone, goneCustomer{row.ID, keep, m.customers[b]})
	m.customers = slices.Delete(slices.Clone(m.customers), b, b+1)
	return row.ID, nil
}

// goneCustomer is one that was merged into another.
type goneCustomer struct {
	id   crm.MergeID
	into crm.CustomerID
	was  crm.Customer
}

func (m *memory) Unmerge(_ context.Context, _ crm.Viewer, id crm.MergeID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, g := range m.gone {
		if g.id != id {
			continue
		}
		m.customers = append(m.customers, g.was)
		m.gone = slices.Delete(slices.Clone(m.gone), i, i+1)
		m.merges[g.into] = slices.DeleteFunc(slices.Clone(m.merges[g.into]), func(r crm.MergeRow) bool { return r.ID == id })
		return nil
	}
	return crm.Conflict("this merge is undone already")
}

func (m *memory) Merges(_ context.Context, _ crm.Viewer, c crm.CustomerID) ([]crm.MergeRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.merges[c]), nil
}

func (m *memory) DetailProposals(_ context.Context, v crm.Viewer, c crm.CustomerID, limit int) ([]crm.DetailProposal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []crm.DetailProposal
	for _, p := range m.proposed {
		if p.Customer == c && m.sees(v, p.Message) && len(out) < limit {
			out = append(out, p)
		}
	}
	return out, nil
}

func (m *memory) DecideDetail(ctx context.Context, v crm.Viewer, id crm.DetailID, yes bool) error {
	m.mu.Lock()
	i := slices.IndexFunc(m.proposed, func(p crm.DetailProposal) bool { return p.ID == id && m.sees(v, p.Message) })
	if i < 0 {
		m.mu.Unlock()
		return crm.NotFound("no such proposal")
	}
	p := m.proposed[i]
	m.proposed = slices.Delete(slices.Clone(m.proposed), i, i+1)
	if _, k := m.contact(p.Contact); yes {
		k.Details = slices.DeleteFunc(slices.Clone(k.Details), func(d crm.KnownDetail) bool { return d.Kind == p.Kind && !p.Kind.Several() })
		k.Details = append(k.Details, crm.KnownDetail{Detail: p.Detail, Staff: m.staffName(v.Staff), At: now})
		if p.Kind == crm.DetailPhone {
			k.Phones = append(k.Phones, p.Value)
		}
	}
	m.mu.Unlock()
	m.tell(crm.Event{Kind: "detail", Customer: p.Customer})
	return nil
}

func (m *memory) RemoveDetail(_ context.Context, _ crm.Viewer, contact crm.ContactID, d crm.Detail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, k := m.contact(contact)
	n := len(k.Details) + len(k.Phones)
	k.Details = slices.DeleteFunc(slices.Clone(k.Details), func(o crm.KnownDetail) bool { return o.Detail == d })
	k.Phones = slices.DeleteFunc(slices.Clone(k.Phones), func(p string) bool { return d.Kind == crm.DetailPhone && p == d.Value })
	if len(k.Details)+len(k.Phones) == n {
		return crm.NotFound("%s is not known", d.Value)
	}
	return nil
}

func (m *memory) SetCustomerLanguage(_ context.Context, _ crm.Viewer, c crm.CustomerID, code string) (crm.Customer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(code) > 2 {
		return crm.Customer{}, crm.Invalid("language", "%q is not a language", code)
	}
	for i := range m.customers {
		if m.customers[i].ID == c {
			m.customers[i].Language, m.customers[i].LanguageSaid = code, code != ""
			if code == "" {
				m.customers[i].Language = "fi"
			}
			return m.customers[i], nil
		}
	}
	return crm.Customer{}, crm.NotFound("no such customer")
}
