package crm

import (
	"slices"
	"strings"
)

// The rules of this file say what an answer to a mail is: its subject, its
// thread, and to whom it may go.

// ReplySubject gives the subject of an answer: "Re: " once, whatever marks of
// replies stand at its front already, in whatever language. Marks of forwarding
// and names in brackets are part of what the mail is about, and stay.
func ReplySubject(subject string) string {
	r := subjectReader{rest: oneSpace(strings.ReplaceAll(subject, "\x00", " "))}
	for {
		before := r.rest
		if !r.mark() || r.forwards > 0 {
			return strings.TrimSpace("Re: " + before)
		}
		r.rest = strings.TrimLeft(r.rest, " ")
	}
}

// ReplyThread gives In-Reply-To and References of an answer to a mail, by
// RFC 5322 §3.6.4: its Message-ID; and its References, or else the one that its
// In-Reply-To names, followed by that. A mail without Message-ID cannot be
// referred to; what it refers to itself still tells the thread.
func ReplyThread(e *Envelope) (inReplyTo, references []string) {
	references = slices.Clone(e.References)
	if len(references) == 0 && len(e.InReplyTo) == 1 {
		references = slices.Clone(e.InReplyTo)
	}
	references = slices.DeleteFunc(references, func(id string) bool { return id == "" || id == e.MessageID })
	if e.MessageID != "" {
		inReplyTo = []string{e.MessageID}
		references = append(references, e.MessageID)
	}
	return inReplyTo, references
}

// ReplyTo gives whom an answer to a mail may go to, from the people of the mail
// itself and nobody else: to whoever wrote it (Reply-To when it is there,
// RFC 5322 §3.6.2), others to all its other recipients. ours reports addresses
// of the one who answers. The answer to a mail of one's own goes to those whom
// it went to.
func ReplyTo(people []Participant, ours func(Address) bool) (to, others []Party) {
	by := map[Role][]Party{}
	for _, p := range people {
		by[p.Role] = append(by[p.Role], p.Party)
	}
	writers := by[RoleReplyTo]
	if len(writers) == 0 {
		writers = by[RoleFrom]
	}
	if len(writers) == 0 {
		writers = by[RoleSender]
	}
	seen := map[Address]bool{}
	add := func(list []Party, more ...Party) []Party {
		for _, p := range more {
			if p.Address != "" && !seen[p.Address] && !ours(p.Address) {
				seen[p.Address] = true
				list = append(list, p)
			}
		}
		return list
	}
	if to = add(nil, writers...); len(to) == 0 {
		to = add(nil, by[RoleTo]...)
	}
	return to, add(add(nil, by[RoleTo]...), by[RoleCc]...)
}

// Bounds of a quote.
const (
	maxQuoteLines = 40
	maxQuoteLine  = 2000 // bytes
)

// QuoteOf gives the quote of a mail, trimmed: what its author wrote anew, not
// what was quoted there, and of a long one its beginning. head introduces it,
// such as "On 12 November 2026 Dora wrote:". It is "" when there is nothing to
// quote.
func QuoteOf(head string, l Letter) string {
	text := l.New
	if text == "" {
		text = l.Text
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(text, "\x00", "")), "\n")
	for i, line := range lines {
		if line == "-- " { // RFC 3676 §4.3: a signature follows
			lines = lines[:i]
			break
		}
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) == 0 {
		return ""
	}
	if len(lines) > maxQuoteLines {
		lines = append(slices.Clone(lines[:maxQuoteLines]), "[...]")
	}
	var b strings.Builder
	b.WriteString(head)
	for _, line := range lines {
		b.WriteString("\n>")
		if line = strings.TrimRight(line, " \t\r"); line == "" {
			continue
		}
		if line[0] != '>' { // RFC 3676 §4.5: no space between the marks
			b.WriteByte(' ')
		}
		if len(line) > maxQuoteLine {
			line = strings.ToValidUTF8(line[:maxQuoteLine], "") + " [...]"
		}
		b.WriteString(line)
	}
	return b.String()
}

// Identity is an address from which a colleague may write: a mailbox of their
// own, whose mail a sender takes.
type Identity struct {
	Mailbox MailboxID
	Party   Party
	Sender  SenderID // 0: none may send for its domain
	Trouble string   // of that sender, for people
}

// Ready reports that mail can be sent from there.
func (i *Identity) Ready() bool { return i.Sender != 0 }

// Identities gives the addresses that a colleague writes from: one for each of
// the own mailboxes that are on a server, those from which mail can be sent
// first. Senders are in the order in which they are tried.
func Identities(me Staff, boxes []Mailbox, senders []Sender) []Identity {
	var out []Identity
	for _, b := range boxes {
		if b.Staff != me.ID || b.State == MailboxImported {
			continue
		}
		i := Identity{Mailbox: b.ID, Party: Party{Name: me.Name, Address: b.Address, Written: string(b.Address)}}
		for _, s := range senders {
			if s.Serves(b.Address) {
				i.Sender = s.ID
				if s.State == SenderTrouble || s.State == SenderRefused {
					i.Trouble = s.Problem
				}
				break
			}
		}
		if !slices.ContainsFunc(out, func(o Identity) bool { return o.Party.Address == i.Party.Address }) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b Identity) int {
		switch {
		case a.Ready() == b.Ready():
			return 0
		case a.Ready():
			return -1
		}
		return 1
	})
	return out
}
