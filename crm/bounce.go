package crm

import "time"

// Bounce is what a mail system says about mail that it did not deliver, or
// delivered late: one entry a recipient. Answers of absent people and
// complaints are told in the same form, with [BounceVacation] and
// [BounceFeedback]; the [Class] of the mail says which of them it is.
type Bounce struct {
	Recipients        []BouncedRecipient
	OriginalMessageID string // of the mail that bounced, without angle brackets; "" when not told
	EnvelopeID        string // what the sender called the transaction (RFC 3464 §2.2.1, ENVID); "" when not told
	ReportingMTA      string // the host that gave up (RFC 3464 §2.2.2); "" when not told
}

// BouncedRecipient is what a bounce says about one recipient.
type BouncedRecipient struct {
	Address    string       // as written, without angle brackets; the one the sender wrote when both are told
	Action     BounceAction // what happened to the mail
	Status     string       // enhanced status code such as "5.1.1" (RFC 3463); "" when not told
	ReplyCode  string       // SMTP reply such as "550" (RFC 5321 §4.2); "" when not told
	Reason     BounceReason
	Permanent  bool   // of the reason: see [BounceReason.Permanent]
	Diagnostic string // what the last host said, or the notice where it said nothing
}

// Failed reports that the mail did not reach this recipient and will not be
// tried again. A delay, a success and an automatic answer are no failures.
func (r *BouncedRecipient) Failed() bool { return r.Action == BounceFailed }

// Failed lists the recipients whom the mail did not reach.
func (b *Bounce) Failed() []BouncedRecipient {
	var failed []BouncedRecipient
	for _, r := range b.Recipients {
		if r.Failed() {
			failed = append(failed, r)
		}
	}
	return failed
}

// BounceAction is the Action field of RFC 3464 §2.3.3, read or concluded.
type BounceAction string

// The actions, a closed vocabulary. Only BounceFailed is the end of a delivery
// that did not succeed.
const (
	BounceFailed    BounceAction = "failed"
	BounceDelayed   BounceAction = "delayed"
	BounceDelivered BounceAction = "delivered"
	BounceRelayed   BounceAction = "relayed"
	BounceExpanded  BounceAction = "expanded"
	BounceNone      BounceAction = "" // not a report on delivery: complaints, automatic answers
)

// BounceReason says in one word why a mail did not arrive. docs/standards.md
// lists each with what Kaveri does on it.
type BounceReason string

// The reasons, a closed vocabulary.
const (
	BounceUserUnknown     BounceReason = "userunknown"     // there is no such mailbox
	BounceHostUnknown     BounceReason = "hostunknown"     // there is no such domain
	BounceHasMoved        BounceReason = "hasmoved"        // the mailbox has moved and nothing is forwarded
	BounceNotAccept       BounceReason = "notaccept"       // the host or domain takes no mail at all
	BounceMailboxFull     BounceReason = "mailboxfull"     // the mailbox is over its quota
	BounceSuspend         BounceReason = "suspend"         // the account is disabled, for now at least
	BounceFiltered        BounceReason = "filtered"        // refused for this recipient by a filter, or after the mail was sent
	BounceExceedLimit     BounceReason = "exceedlimit"     // larger than this recipient accepts
	BounceMesgTooBig      BounceReason = "mesgtoobig"      // larger than the host accepts
	BounceRejected        BounceReason = "rejected"        // the sender's address or domain is refused
	BounceBlocked         BounceReason = "blocked"         // the sending host is refused, by address or name
	BounceBadReputation   BounceReason = "badreputation"   // the sending host or domain has a bad name
	BounceAuthFailure     BounceReason = "authfailure"     // SPF, DKIM or DMARC failed
	BounceRequirePTR      BounceReason = "requireptr"      // the sending host has no proper reverse name
	BounceNoRelaying      BounceReason = "norelaying"      // the host does not relay for this sender
	BounceSecurityError   BounceReason = "securityerror"   // authentication or another matter of security
	BounceFailedSTARTTLS  BounceReason = "failedstarttls"  // encryption was required and failed
	BouncePolicyViolation BounceReason = "policyviolation" // against a policy of the receiving host
	BounceSpamDetected    BounceReason = "spamdetected"    // taken for spam
	BounceVirusDetected   BounceReason = "virusdetected"   // taken for a virus
	BounceContentError    BounceReason = "contenterror"    // the content cannot be taken or read
	BounceNotCompliantRFC BounceReason = "notcompliantrfc" // header or body break a standard
	BounceSyntaxError     BounceReason = "syntaxerror"     // a command was not understood
	BounceSpeeding        BounceReason = "speeding"        // too much mail in too short a time
	BounceTooManyConn     BounceReason = "toomanyconn"     // too many connections, or mails on one
	BounceNetworkError    BounceReason = "networkerror"    // no connection, DNS trouble, mail loops
	BounceExpired         BounceReason = "expired"         // tried until the time was up, or still being tried
	BounceSystemError     BounceReason = "systemerror"     // the receiving system has trouble
	BounceSystemFull      BounceReason = "systemfull"      // the disk of the receiving system is full
	BounceMailerError     BounceReason = "mailererror"     // the program that delivers failed
	BounceOnHold          BounceReason = "onhold"          // something was said that tells no reason
	BounceUndefined       BounceReason = "undefined"       // nothing was said
	BounceArrived         BounceReason = "delivered"       // it did arrive
	BounceVacation        BounceReason = "vacation"        // an automatic answer
	BounceFeedback        BounceReason = "feedback"        // a complaint
)

// Permanent reports that an address with this reason will never work for
// anyone who writes to it, whatever the class of the status code says.
func (r BounceReason) Permanent() bool {
	switch r {
	case BounceUserUnknown, BounceHostUnknown, BounceHasMoved, BounceNotAccept:
		return true
	}
	return false
}

// Complaint is a report that a recipient took a mail for spam, or that a host
// found its authentication wrong (RFC 5965, RFC 6591).
type Complaint struct {
	FeedbackType      string // abuse, auth-failure, fraud, not-spam, virus, other, opt-out ...; lower case
	Recipient         string // who complains, as far as it is told
	OriginalMessageID string // of the mail complained about, without angle brackets
	OriginalMailFrom  string // its envelope sender
	SourceIP          string // where it came from
	UserAgent         string // the program that wrote the report
	ReportingMTA      string
	Date              string // when the mail arrived there, as written
}

// Absence is what an automatic answer says about who gave it.
type Absence struct {
	Until   time.Time // the day of return or the last day away, whichever is told, at 0:00 UTC; zero when none is
	Left    bool      // they are gone for good
	Instead []Address // whom to write to instead
	Line    string    // where in the mail it stands
}
