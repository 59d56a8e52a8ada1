package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"kaveri/crm"
)

// letters is a small Drafts and Postbox in memory.
type letters struct {
	mu       sync.Mutex
	m        *memory
	boxes    []crm.Mailbox
	drafts   []crm.SavedDraft
	states   map[crm.DraftID]crm.DispatchState // of sent ones
	others   []crm.Writing
	foreign  []crm.Outgoing // of colleagues
	snippets []crm.Snippet
	moved    []crm.DraftID
	ill      error // MoveDraft fails with it
	trouble  string
	mailing  crm.MailingState // of what was sent; "" running
	captured bool
}

func newLetters(m *memory) *letters {
	return &letters{m: m, states: map[crm.DraftID]crm.DispatchState{}}
}

// writing makes it a firm whose colleagues can write.
func (m *memory) canWrite() *letters {
	l := m.letters
	l.boxes = []crm.Mailbox{{ID: 31, Staff: 1, Address: "mikko@saarimatkat.example", Label: "Mikko Laine", State: crm.MailboxFollowed}, {ID: 32, Staff: 2, Address: "sari@saarimatkat.example", Label: "Sari Koskinen", State: crm.MailboxFollowed}}
	l.snippets = []crm.Snippet{{ID: 71, Name: "Aukioloajat", Text: "Hei {{ name }},\n\ntoimisto on auki arkisin klo 9–16."}, {ID: 72, Name: "Kiitos <tilauksesta>", Text: "Kiitos tilauksesta!"}}
	return l
}

func (l *letters) OwnMailboxes(_ context.Context, v crm.Viewer) ([]crm.Mailbox, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.boxes), func(b crm.Mailbox) bool { return b.Staff != v.Staff }), nil
}

func (l *letters) find(v crm.Viewer, id crm.DraftID) (*crm.SavedDraft, error) {
	for i := range l.drafts {
		if l.drafts[i].ID == id && l.drafts[i].Staff == v.Staff {
			return &l.drafts[i], nil
		}
	}
	return nil, crm.NotFound("no such draft")
}

func (l *letters) NewDraft(ctx context.Context, v crm.Viewer, d crm.SavedDraft) (crm.SavedDraft, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.Answers != 0 {
		if _, err := l.m.Mail(ctx, v, d.Answers); err != nil {
			return d, err
		}
	}
	for _, is := range l.drafts {
		if is.Staff == v.Staff && is.Mailing == 0 && is.Answers == d.Answers && is.Customer == d.Customer && (is.Answers != 0 || !is.Touched) {
			return is, nil
		}
	}
	d.ID, d.Staff, d.Created, d.Changed = crm.DraftID(l.m.id()), v.Staff, now, now
	l.drafts = append(l.drafts, d)
	return d, nil
}

func (l *letters) Draft(_ context.Context, v crm.Viewer, id crm.DraftID) (crm.SavedDraft, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, err := l.find(v, id)
	if err != nil {
		return crm.SavedDraft{}, err
	}
	return *d, nil
}

func (l *letters) SaveDraft(ctx context.Context, v crm.Viewer, given crm.SavedDraft) (crm.SavedDraft, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.save(ctx, v, given)
}

func (l *letters) save(ctx context.Context, v crm.Viewer, given crm.SavedDraft) (crm.SavedDraft, error) {
	d, err := l.find(v, given.ID)
	if err != nil {
		return given, err
	}
	if d.Mailing != 0 {
		return given, &crm.Error{Kind: crm.KindConflict, Field: "draft", Text: "this mail was sent already"}
	}
	if err := given.Validate(); err != nil {
		return given, err
	}
	if d.Answers != 0 {
		m, err := l.m.Mail(ctx, v, d.Answers)
		for _, p := range slices.Concat(given.To, given.Cc) {
			if err == nil && !slices.ContainsFunc(m.Participants, func(q crm.Participant) bool { return q.Address == p.Address }) {
				return given, crm.Invalid("to", "%s has no part in the mail that is answered", p.Address)
			}
		}
	}
	d.To, d.Cc, d.Subject, d.Text, d.Quoted, d.Mailbox, d.Touched = given.To, given.Cc, given.Subject, given.Text, given.Quoted, given.Mailbox, true
	return *d, nil
}

func (l *letters) AddDraftFile(_ context.Context, v crm.Viewer, id crm.DraftID, f crm.DraftFile) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, err := l.find(v, id)
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		return err
	}
	f.N = len(d.Files) + 1
	d.Files, d.Touched = append(d.Files, f), true
	return nil
}

func (l *letters) RemoveDraftFile(_ context.Context, v crm.Viewer, id crm.DraftID, n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, err := l.find(v, id)
	if err == nil {
		d.Files = slices.DeleteFunc(d.Files, func(f crm.DraftFile) bool { return f.N == n })
	}
	return err
}

func (l *letters) DiscardDraft(_ context.Context, v crm.Viewer, id crm.DraftID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.find(v, id); err != nil {
		return err
	}
	l.drafts = slices.DeleteFunc(l.drafts, func(d crm.SavedDraft) bool { return d.ID == id })
	return nil
}

func (l *letters) SendDraft(ctx context.Context, v crm.Viewer, given crm.SavedDraft) (crm.SavedDraft, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.save(ctx, v, given); err != nil {
		return given, err
	}
	d, err := l.find(v, given.ID)
	if err != nil {
		return given, err
	}
	d.Mailing, d.Sent = crm.MailingID(l.m.id()), now
	l.states[d.ID] = crm.Queued
	return *d, nil
}

func (l *letters) UndoSend(_ context.Context, v crm.Viewer, id crm.DraftID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, err := l.find(v, id)
	switch {
	case err != nil:
		return err
	case d.Mailing == 0:
		return crm.Conflict("it is a draft")
	case l.states[id] != crm.Queued:
		return &crm.Error{Kind: crm.KindConflict, Field: "undo", Text: "it is too late: the mail is on its way already"}
	}
	d.Mailing = 0
	return nil
}

// of reports a draft of a customer or conversation.
func (l *letters) of(d *crm.SavedDraft, of crm.Correspondence) bool {
	if of.Conversation != 0 {
		return d.Answers != 0 && l.m.views[d.Answers].Conversation == of.Conversation
	}
	return d.Customer == of.Customer
}

func (l *letters) OwnDrafts(_ context.Context, v crm.Viewer, of crm.Correspondence) (out []crm.SavedDraft, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.drafts {
		if d.Staff == v.Staff && d.Mailing == 0 && d.Touched && l.of(&d, of) {
			out = append(out, d)
		}
	}
	return out, nil
}

func (l *letters) Outgoing(_ context.Context, v crm.Viewer, of crm.Correspondence) (out []crm.Outgoing, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.drafts {
		if d.Staff == v.Staff && d.Mailing != 0 && l.of(&d, of) {
			out = append(out, l.outgoing(d))
		}
	}
	for _, o := range l.foreign {
		if l.of(&o.SavedDraft, of) {
			out = append(out, o)
		}
	}
	return out, nil
}

func (l *letters) outgoing(d crm.SavedDraft) crm.Outgoing {
	o := crm.Outgoing{SavedDraft: d, Author: "Mikko Laine", From: "mikko@saarimatkat.example", State: cmp.Or(l.mailing, crm.MailingRunning), Captured: l.captured, Trouble: l.trouble, Unsent: slices.Contains([]crm.DispatchState{crm.Queued, crm.Cancelled, crm.Deferred, crm.Failed}, l.states[d.ID])}
	for _, p := range slices.Concat(d.To, d.Cc) {
		o.Recipients = append(o.Recipients, crm.Dispatch{ID: crm.DispatchID(l.m.id()), Mailing: d.Mailing, Address: p.Address, Name: p.Name, State: l.states[d.ID], Changed: now})
	}
	return o
}

func (l *letters) Writers(context.Context, crm.Viewer, crm.Correspondence) ([]crm.Writing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.others, nil
}

func (l *letters) SuppressionsOf(_ context.Context, _ crm.Viewer, a crm.Address) ([]crm.Suppression, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.m.outbox.stops), func(s crm.Suppression) bool { return s.Address != a }), nil
}

func (l *letters) Snippets(context.Context, crm.Viewer) ([]crm.Snippet, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.snippets), nil
}

func (l *letters) SaveSnippet(_ context.Context, v crm.Viewer, t crm.Snippet) (crm.Snippet, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := t.Validate(); err != nil {
		return t, err
	}
	for i, is := range l.snippets {
		switch {
		case is.Name == t.Name && is.ID != t.ID:
			return t, &crm.Error{Kind: crm.KindConflict, Field: "name", Text: "taken"}
		case is.ID == t.ID:
			l.snippets[i] = t
			return t, nil
		}
	}
	if t.ID != 0 {
		return t, crm.NotFound("no such text")
	}
	t.ID = crm.SnippetID(l.m.id())
	l.snippets = append(l.snippets, t)
	return t, nil
}

func (l *letters) RemoveSnippet(_ context.Context, _ crm.Viewer, id crm.SnippetID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.snippets)
	if l.snippets = slices.DeleteFunc(l.snippets, func(t crm.Snippet) bool { return t.ID == id }); len(l.snippets) == n {
		return crm.NotFound("no such text")
	}
	return nil
}

func (l *letters) MoveDraft(_ context.Context, _ crm.Viewer, id crm.DraftID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ill == nil {
		l.moved = append(l.moved, id)
	}
	return l.ill
}

// first gives the first draft as it is now.
func (l *letters) first() crm.SavedDraft {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.drafts[0]
}

// set changes something while pages are open.
func (l *letters) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// busyDesk is the company with mail being written, for pages and pictures.
func busyDesk() *memory {
	m := company()
	l := m.canWrite()
	aino := crm.Party{Name: "Aino Virtanen", Address: "aino.virtanen@postia.example"}
	l.drafts = []crm.SavedDraft{
		{ID: 801, Staff: 1, Customer: 11, Answers: 101, Mailbox: 31, To: []crm.Party{aino}, Subject: "Re: Kesän Kökar-matka", Text: "Hei Aino,\n\nmökit ovat vapaina, ja vene kuuluu hintaan.", Quote: "Keskiviikkona 18. marraskuuta 2026 klo 14.05 Aino Virtanen kirjoitti:\n> Kiitos tarjouksesta.", Quoted: true, Touched: true, Created: now, Changed: now.Add(-2 * time.Minute),
			Files: []crm.DraftFile{{N: 1, Name: "tarjous.pdf", Type: "application/pdf", Size: 182_000}}},
		{ID: 802, Staff: 1, Customer: 12, Mailbox: 31, To: []crm.Party{{Name: "Thomas Whitfield", Address: "thomas@balticseawalks.example"}}, Subject: "Ferry times", Text: "Dear Thomas,\n\nthe times are below.", Touched: true, Created: now, Changed: now, Mailing: 990, Sent: now.Add(-3 * time.Second)},
		{ID: 803, Staff: 1, Customer: 11, Mailbox: 31, Subject: "", Created: now, Changed: now},
		{ID: 804, Staff: 1, Customer: 11, Answers: 104, Mailbox: 31, To: []crm.Party{aino}, Cc: []crm.Party{{Name: "Sari Koskinen", Address: "sari@saarimatkat.example"}}, Subject: "Re: Kiitos ihanasta syksystä!", Text: "Hei Aino!", Touched: true, Mailing: 991, Sent: now.Add(-time.Hour), Changed: now},
	}
	l.states[802], l.states[804] = crm.Queued, crm.Sent
	l.others = []crm.Writing{{Staff: 2, Name: "Sari Koskinen", Since: now.Add(-8 * time.Minute)}}
	return m
}
