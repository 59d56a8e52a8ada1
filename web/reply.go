package web

import (
	"fmt"
	"net/http"
	"slices"

	"kaveri/crm"
)

// reply begins an answer to a mail, or goes on with the one that was begun.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	d, err := s.answerTo(r, c, m)
	if err != nil {
		return err
	}
	if id, err := crm.ParseID[crm.CustomerID]("customer", r.PostFormValue("customer")); err == nil && slices.ContainsFunc(m.Links, func(l crm.MailLink) bool { return l.Customer == id }) {
		d.Customer = id
	}
	to, others, err := s.replyParties(r, c, m)
	if err != nil {
		return err
	}
	d.To = to
	if r.PostFormValue("all") == "yes" { // colleagues can be added; they see the answer here
		d.Cc = slices.DeleteFunc(slices.Clone(others), func(p crm.Party) bool { return c.firm.Internal(p.Address) })
	}
	all := d.Cc
	if d, err = s.Drafts.NewDraft(r.Context(), c.viewer, d); err != nil {
		return err
	}
	if len(d.Cc) == 0 && len(all) > 0 { // it was begun before, to one alone
		d.Cc = slices.DeleteFunc(all, func(p crm.Party) bool { return hasParty(d.To, p.Address) })
		if d, err = s.Drafts.SaveDraft(r.Context(), c.viewer, d); err != nil {
			return err
		}
	}
	return go303(w, r, draftPath(d.ID), "")
}

// answerTo makes the beginning of an answer: subject, thread and quote.
func (s *Server) answerTo(r *http.Request, c *call, m crm.MailView) (crm.SavedDraft, error) {
	d := crm.SavedDraft{Answers: m.ID, Subject: crm.ReplySubject(m.Subject), Quoted: true}
	if len(m.Links) > 0 {
		d.Customer = m.Links[0].Customer
	}
	thread := crm.Envelope{MessageID: m.MessageID}
	raw, err := s.Store.RawMail(r.Context(), c.viewer, m.ID)
	if err != nil && crm.KindOf(err) != crm.KindNotFound {
		return d, err
	}
	if parsed := s.Reader.Open(raw); err == nil && parsed != nil {
		thread.References, thread.InReplyTo = parsed.References, parsed.InReplyTo
	}
	d.InReplyTo, d.References = crm.ReplyThread(&thread)
	text, err := s.Store.MailText(r.Context(), c.viewer, m.ID)
	if err != nil {
		return d, err
	}
	// The quote speaks the language of the mail, where we do.
	at := newClock(c.lang, &c.firm, s.Now())
	if slices.Contains(languages, m.Language) {
		at = newClock(m.Language, &c.firm, s.Now())
	}
	head, err := say(at.lang, "draft.quote-head", capital(at.at(m.At).Full), m.From.Display())
	d.Quote = crm.QuoteOf(head, text)
	if err == nil {
		err = s.chooseMailbox(r, c, &d, m.Through)
	}
	return d, err
}

// replyParties gives whom an answer may go to. Addresses of the one who answers
// are left out.
func (s *Server) replyParties(r *http.Request, c *call, m crm.MailView) (to, others []crm.Party, err error) {
	boxes, err := s.Drafts.OwnMailboxes(r.Context(), c.viewer)
	ours := func(a crm.Address) bool {
		return a == c.me.Address || slices.ContainsFunc(boxes, func(b crm.Mailbox) bool { return b.Address == a })
	}
	to, others = crm.ReplyTo(m.Participants, ours)
	return to, others, err
}

// writeTo begins a mail to a customer.
func (s *Server) writeTo(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	d := crm.SavedDraft{Customer: cu.ID}
	if known := s.knownAddresses(cu); len(known) == 1 {
		d.To = known
	}
	if err := s.chooseMailbox(r, c, &d, nil); err != nil {
		return err
	}
	if d, err = s.Drafts.NewDraft(r.Context(), c.viewer, d); err != nil {
		return err
	}
	return go303(w, r, draftPath(d.ID), "")
}

// knownAddresses gives the addresses that a customer's contacts use now.
func (s *Server) knownAddresses(cu crm.Customer) []crm.Party {
	var out []crm.Party
	for _, k := range cu.Contacts {
		for _, a := range k.Addresses {
			if (a.Until.IsZero() || a.Until.After(s.Now())) && !hasParty(out, a.Address) {
				out = append(out, crm.Party{Name: k.Name, Address: a.Address, Written: string(a.Address)})
			}
		}
	}
	return out
}

// chooseMailbox chooses from which of the own mailboxes a draft is written: the
// one that the answered mail came through, when that is one of them.
func (s *Server) chooseMailbox(r *http.Request, c *call, d *crm.SavedDraft, through []string) error {
	all, boxes, err := s.identities(r, c)
	if err != nil || len(all) == 0 {
		return err
	}
	d.Mailbox = all[0].Mailbox
	for _, i := range all {
		at := slices.IndexFunc(boxes, func(b crm.Mailbox) bool { return b.ID == i.Mailbox })
		if i.Ready() && (slices.Contains(through, boxes[at].Label) || slices.Contains(through, string(boxes[at].Address))) {
			d.Mailbox = i.Mailbox
			break
		}
	}
	return nil
}

func (s *Server) identities(r *http.Request, c *call) ([]crm.Identity, []crm.Mailbox, error) {
	boxes, err := s.Drafts.OwnMailboxes(r.Context(), c.viewer)
	if err != nil {
		return nil, nil, err
	}
	senders, err := s.Ledger.ListSenders(r.Context(), c.viewer)
	return crm.Identities(c.me, boxes, senders), boxes, err
}

func hasParty(list []crm.Party, a crm.Address) bool {
	return slices.ContainsFunc(list, func(p crm.Party) bool { return p.Address == a })
}

func draftPath(id crm.DraftID) string { return fmt.Sprintf("/drafts/%d", id) }
