package crm

import "strings"

// Report is what a mail that came in says about a dispatch.
type Report struct {
	Dispatch  DispatchID
	Kind      DispatchEventKind // it shows, whatever it is, that the dispatch was sent
	Proof     ReportProof
	Recipient string // of a bounce or complaint, as it says
	Reason    BounceReason
	Permanent bool
	Evidence  string // the words, for people
}

// ReportProof is how a report names its dispatch. Each is a token that nobody
// could make up: a report without one is nobody's, and suppresses nobody.
type ReportProof string

// The proofs, the strongest first.
const (
	ProofReturnPath ReportProof = "return-path" // it was sent to the return path (VERP)
	ProofEnvelopeID ReportProof = "envelope-id" // it quotes our ENVID (RFC 3461 §4.4)
	ProofMessageID  ReportProof = "message-id"  // it quotes our Message-ID
	ProofReference  ReportProof = "reference"   // it refers to our Message-ID as an answer does
)

// Reports reads what a mail says about dispatches of ours. nobodys is true for a
// bounce or a complaint that names none: a person has to look at it.
func Reports(m *Message, keys Keyring) (rs []Report, nobodys bool) {
	switch {
	case m.Class == ClassBounce && m.Bounce != nil:
		rs = bounceReports(m, keys)
		return rs, len(rs) == 0
	case m.Class == ClassComplaint && m.Complaint != nil:
		if r, ok := complaintReport(m, keys); ok {
			return []Report{r}, false
		}
		return nil, true
	}
	if d, ok := keys.DispatchOf(m.MessageID); ok {
		return []Report{{Dispatch: d, Kind: EventFiled, Proof: ProofMessageID, Evidence: "Message-ID: <" + m.MessageID + ">"}}, false
	}
	kind := EventAnswered
	switch m.Class {
	case ClassHuman, ClassCalendar:
	case ClassAutoReply:
		kind = EventAutoAnswered
	default:
		return nil, false
	}
	if d, ok := returned(m, keys); ok {
		return []Report{{Dispatch: d, Kind: kind, Proof: ProofReturnPath, Evidence: "to the return path"}}, false
	}
	chain := m.Chain()
	for i := len(chain) - 1; i >= 0; i-- { // the nearest is what was answered
		if d, ok := keys.DispatchOf(chain[i]); ok {
			return []Report{{Dispatch: d, Kind: kind, Proof: ProofReference, Evidence: "it answers <" + chain[i] + ">"}}, false
		}
	}
	return nil, false
}

// returned finds a return path of ours among the recipients: those of the
// header, and those of the envelope that servers noted.
func returned(m *Message, keys Keyring) (DispatchID, bool) {
	for _, a := range m.Delivered {
		if d, ok := keys.Returned(a); ok {
			return d, true
		}
	}
	return returnedTo(&m.Envelope, keys)
}

func returnedTo(m *Envelope, keys Keyring) (DispatchID, bool) {
	for _, list := range [][]Party{m.To, m.Cc} {
		for _, p := range list {
			if d, ok := keys.Returned(p.Address); ok {
				return d, true
			}
		}
	}
	return 0, false
}

// bounceReports names one dispatch, since each has a mail of its own; what the
// bounce says of several recipients (of a list behind the address, say) is told
// once, the worst first.
func bounceReports(m *Message, keys Keyring) []Report {
	d, proof, ok := bouncedDispatch(m, keys)
	if !ok {
		return nil
	}
	r := Report{Dispatch: d, Kind: EventBounced, Proof: proof}
	best := -1
	for i := range m.Bounce.Recipients {
		b := &m.Bounce.Recipients[i]
		kind, weight := EventDelivered, 0
		switch {
		case b.Failed():
			kind, weight = EventBounced, 2
			if forGood(b) {
				weight = 3
			}
		case b.Action == BounceDelayed:
			kind, weight = EventDelayed, 1
		}
		if weight > best {
			best = weight
			r.Kind, r.Recipient, r.Reason, r.Permanent = kind, b.Address, b.Reason, kind == EventBounced && forGood(b)
			r.Evidence = strings.TrimSpace(b.Status + " " + b.Diagnostic)
		}
	}
	return []Report{r}
}

// forGood reports that the address will never work. A code of class 4 says
// that it may (RFC 3463 §2), whatever the words beside it.
func forGood(b *BouncedRecipient) bool {
	code := b.Status
	if code == "" {
		code = b.ReplyCode
	}
	return b.Permanent && !strings.HasPrefix(code, "4")
}

func bouncedDispatch(m *Message, keys Keyring) (DispatchID, ReportProof, bool) {
	if d, ok := returned(m, keys); ok {
		return d, ProofReturnPath, true
	}
	if id, ok := keys.Read(TokenReturnPath, m.Bounce.EnvelopeID); ok {
		return DispatchID(id), ProofEnvelopeID, true
	}
	if d, ok := keys.DispatchOf(m.Bounce.OriginalMessageID); ok {
		return d, ProofMessageID, true
	}
	for _, id := range m.Chain() {
		if d, ok := keys.DispatchOf(id); ok {
			return d, ProofReference, true
		}
	}
	return 0, "", false
}

func complaintReport(m *Message, keys Keyring) (Report, bool) {
	c := m.Complaint
	r := Report{Kind: EventComplained, Recipient: c.Recipient, Reason: BounceFeedback, Evidence: strings.TrimSpace(c.FeedbackType + " " + c.UserAgent)}
	switch c.FeedbackType { // written by a program, or by somebody who wants the mail (RFC 5965 §7.3, RFC 6591 §3.1)
	case "not-spam", "auth-failure", "virus":
		r.Kind = EventDelivered
	}
	if a, err := ParseAddress(c.OriginalMailFrom); err == nil {
		if d, ok := keys.Returned(a); ok {
			r.Dispatch, r.Proof = d, ProofReturnPath
			return r, true
		}
	}
	if d, ok := keys.DispatchOf(c.OriginalMessageID); ok {
		r.Dispatch, r.Proof = d, ProofMessageID
		return r, true
	}
	return r, false
}

// Told says what a report makes of a dispatch: its new state when that
// changes, and why its address is to be suppressed, "" when it is not.
//
// Whatever a report says, it shows that the mail was sent. Only a failure for
// good changes what was known to be sent, and only an address that will never
// work, or a person who complains, is written to no more.
func (r *Report) Told(state DispatchState) (next DispatchState, suppress SuppressionReason) {
	next = state
	switch {
	case r.Kind == EventBounced && (state == Sent || state == Unknown):
		next = Failed
	case state == Unknown:
		next = Sent
	}
	switch {
	case r.Kind == EventComplained:
		suppress = SuppressedComplained
	case r.Kind == EventBounced && r.Permanent:
		suppress = SuppressedBounced
	}
	return next, suppress
}

// About reports whether a bounce or complaint is about the address that was
// written to. When it names another one (of a list behind the address, or where
// it is forwarded to), nothing says that the address itself does not work.
func (r *Report) About(a Address) bool {
	named, err := ParseAddress(r.Recipient)
	return err != nil || named.Canonical() == a.Canonical()
}

// Concerns reports whether the header of a mail names a dispatch of ours, so
// that the mail is worth reading whoever has written it.
func Concerns(e *Envelope, keys Keyring) bool {
	if _, ok := returnedTo(e, keys); ok {
		return true
	}
	for _, id := range e.Chain() {
		if _, ok := keys.DispatchOf(id); ok {
			return true
		}
	}
	return false
}
