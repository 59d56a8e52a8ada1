package crm

import (
	"slices"
	"time"
)

// Suppression says that an address is not to be written to, with why. It is
// never deleted: lifting one is noted on it.
type Suppression struct {
	Address  Address
	Contact  ContactID // 0: nobody we know
	Reason   SuppressionReason
	Topic    string // that mailings must not be about; "" all
	Evidence string // the server's words, who said so, the form's address
	Dispatch DispatchID
	At       time.Time
	Staff    StaffID // who entered it, 0: it came by itself
	Lifted   time.Time
	LiftedBy StaffID
}

// SuppressionReason is why an address is not written to.
type SuppressionReason string

// The reasons. Unsubscribed and complained stop mailings; a colleague may still
// answer that person. The others stop all mail: it would not arrive.
const (
	SuppressedUnsubscribed SuppressionReason = "unsubscribed"
	SuppressedComplained   SuppressionReason = "complained"
	SuppressedBounced      SuppressionReason = "bounced"
	SuppressedByHand       SuppressionReason = "by-hand"
)

// SuppressionReasons lists them.
var SuppressionReasons = []SuppressionReason{SuppressedUnsubscribed, SuppressedComplained, SuppressedBounced, SuppressedByHand}

// ParseSuppressionReason reads a reason.
func ParseSuppressionReason(s string) (SuppressionReason, error) {
	if slices.Contains(SuppressionReasons, SuppressionReason(s)) {
		return SuppressionReason(s), nil
	}
	return "", Invalid("reason", "%q is none of %s", s, choices(SuppressionReasons))
}

// Stops reports whether a suppression for this reason stops mail of this kind.
func (r SuppressionReason) Stops(k MailingKind) bool {
	switch r {
	case SuppressedUnsubscribed, SuppressedComplained:
		return k.Bulk()
	}
	return true
}

// Stops reports whether the suppression stops mail of this kind about this
// topic.
func (p *Suppression) Stops(k MailingKind, topic string) bool {
	return p.Reason.Stops(k) && (p.Topic == "" || p.Topic == topic)
}

// Consent is one statement about whether somebody wants a kind of mail. The
// list is only added to: the newest statement counts, and all can be shown.
type Consent struct {
	Contact ContactID
	Address Address
	Topic   string // what was agreed to; "" all mailings
	Given   bool   // false: withdrawn
	At      time.Time
	Source  string // form, import, colleague, preference page, one-click
	Wording string // exactly what was agreed to, with its version
	Proof   string // the confirming click: when, from where
	Staff   StaffID
}

// ConsentImport is the source of statements that were read from a file.
const ConsentImport = "import"

// CurrentConsents gives the statement that counts for each topic, from all that
// were made about an address, the oldest first: the newest one, but an import
// does not give back what somebody has withdrawn.
func CurrentConsents(history []Consent) map[string]Consent {
	now := map[string]Consent{}
	for _, c := range history {
		was, ok := now[c.Topic]
		if ok && !was.Given && c.Given && c.Source == ConsentImport {
			continue
		}
		now[c.Topic] = c
	}
	return now
}

// ConsentFor gives the statement that counts for mail about a topic, from all that
// were made about an address, the oldest first. One about all mailings counts
// where nothing was said about the topic; who takes that back takes back all that
// was said before. ok is false when nothing was said.
func ConsentFor(history []Consent, topic string) (c Consent, ok bool) {
	now := CurrentConsents(history)
	all, general := now[""]
	own, said := now[topic]
	switch {
	case topic == "" || !said:
		return all, general
	case general && !all.Given && all.At.After(own.At):
		return all, true
	}
	return own, true
}
