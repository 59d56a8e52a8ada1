package crm

import (
	"strings"
	"time"
)

// The types of this file are what goes into the send ledger and what people
// read from it, beside mailings and dispatches themselves.

// Recipient is somebody a mailing is to go to.
type Recipient struct {
	Row     int // of the file or list, for reports; 0 none
	Address Address
	Name    string
	Contact ContactID // 0: found by the address, when it is one person's
	Fields  map[string]string
}

// RecipientReport says that a recipient gets no mail, or is on the ledger
// already, and why.
type RecipientReport struct {
	Row      int
	Address  Address
	Outcome  RecipientOutcome
	Dispatch DispatchID // the row of the ledger that there is for this recipient
	Text     string     // one sentence for people
}

// RecipientOutcome is what became of a recipient.
type RecipientOutcome string

// The outcomes beside the usual one, a dispatch that waits.
const (
	RecipientDuplicate  RecipientOutcome = "duplicate"   // the address is in this mailing already
	RecipientSamePerson RecipientOutcome = "same-person" // another address of that contact is
	RecipientSuppressed RecipientOutcome = "suppressed"  // on the ledger as such
	RecipientInvalid    RecipientOutcome = "invalid"     // the address is none
)

// Enlisted counts what became of recipients.
type Enlisted struct {
	Queued, Suppressed, Duplicates, Invalid int
}

// MailingRow is a mailing in a list.
type MailingRow struct {
	Mailing
	Recipients Recipients
}

// Finished reports that nothing of a mailing is open any more.
func (r *MailingRow) Finished() bool {
	return r.State != MailingDraft && r.Recipients.Open() == 0
}

// Doubt is a dispatch that may have been sent or not, and the policy of its
// mailing.
type Doubt struct {
	Dispatch Dispatch // Changed is when the doubt arose
	Policy   DoubtPolicy
	Resent   bool // a doubt about it was settled by sending again before
}

// DispatchEvent is what was reported about a dispatch after it was sent.
type DispatchEvent struct {
	Dispatch DispatchID
	Kind     DispatchEventKind
	Mark     string    // tells reports of a kind apart: the same one twice counts once
	Message  MessageID // the mail that tells it, 0 none
	Evidence string    // for people: the server's words, the address that was opened
	Machine  bool      // done by a scanner, not by a person
	At       time.Time
}

// DispatchEventKind is what an event tells.
type DispatchEventKind string

// The kinds.
const (
	EventBounced      DispatchEventKind = "bounced"    // it did not arrive
	EventComplained   DispatchEventKind = "complained" // the recipient took it for spam
	EventDelayed      DispatchEventKind = "delayed"    // it has not arrived yet
	EventDelivered    DispatchEventKind = "delivered"  // a server says that it did arrive
	EventFiled        DispatchEventKind = "filed"      // it lies in a Sent folder
	EventAutoAnswered DispatchEventKind = "auto-answered"
	EventAnswered     DispatchEventKind = "answered"
	EventClicked      DispatchEventKind = "clicked"
	EventOpened       DispatchEventKind = "opened"
	EventUnsubscribed DispatchEventKind = "unsubscribed"
	EventSettled      DispatchEventKind = "settled" // a doubt, or a verdict that was changed
)

// UnmatchedReport is a report that names no dispatch of ours.
type UnmatchedReport struct {
	Message MessageID
	Reason  string // why none was found, for people
	At      time.Time
	Subject string // of that mail
	Seen    bool   // somebody has looked at it
}

// SavedPace is how much a provider takes from a sender, as learned.
type SavedPace struct {
	Sender   SenderID
	Provider string
	State    []byte // JSON, of whoever learns it
	At       time.Time
}

// How long a mail is tried when its mailing does not say: a letter to many is
// stale after two days, a colleague's mail is tried for four (RFC 5321
// §4.5.4.1: at least 4-5 days).
const (
	usualPatience  = 48 * time.Hour
	directPatience = 4 * 24 * time.Hour
)

// Validate normalises a mailing and fills in what it leaves out. Errors are of
// kind [KindInvalid] and name the field.
func (m *Mailing) Validate() (err error) {
	switch m.Kind {
	case MailingAudience, MailingCampaign, MailingDirect:
	default:
		return Invalid("kind", "%q is none of audience, campaign, direct", m.Kind)
	}
	if m.Name = strings.TrimSpace(m.Name); m.Name == "" {
		m.Name = m.Template.Subject
	}
	if m.From.Address, err = ParseAddress(string(m.From.Address)); err != nil {
		return Invalid("from", "%s", err.(*Error).Text)
	}
	if m.ReplyTo.Address != "" {
		if m.ReplyTo.Address, err = ParseAddress(string(m.ReplyTo.Address)); err != nil {
			return Invalid("reply to", "%s", err.(*Error).Text)
		}
	}
	for _, f := range []struct{ field, text string }{
		{"name", m.Name}, {"subject", m.Template.Subject}, {"from", m.From.Name}, {"reply to", m.ReplyTo.Name},
	} {
		// RFC 5322 §2.2: a line break would begin another field.
		if strings.ContainsAny(f.text, "\r\n\x00") {
			return Invalid(f.field, "it has a line break or NUL; write it on one line")
		}
	}
	if m.Topic != "" && !topicName.MatchString(m.Topic) {
		return Invalid("topic", "%q is not a topic", m.Topic)
	}
	if m.Links, err = parseLinks(m.Links); err != nil {
		return err
	}
	if m.Doubt, err = ParseDoubtPolicy(string(m.Doubt)); err != nil {
		return err
	}
	if m.Patience < 0 {
		return Invalid("patience", "it is less than nothing")
	}
	if m.Patience == 0 {
		m.Patience = usualPatience
		if m.Kind == MailingDirect {
			m.Patience = directPatience
		}
	}
	return nil
}
