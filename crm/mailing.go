package crm

import (
	"slices"
	"time"
)

// Mailing is what dispatches are part of: a step of a campaign, an audience
// from a file, or one mail that a colleague writes.
type Mailing struct {
	ID       MailingID
	Kind     MailingKind
	Name     string
	From     Party  // who writes: the From field; routes to a sender by its domain
	ReplyTo  Party  // where answers go, when not to From
	ListID   string // RFC 2919, "autumn.firm.example"; "": one of the From domain
	Sender   SenderID
	Mark     string // names what it was made from, so that it is not made twice; "": it may be
	Template Template
	Topic    string // of the firm's list; "": of none
	Opens    bool   // the mails have a picture that tells when it is fetched
	// Links are where clicks of its HTML are counted, numbered from 1: those
	// links lead over the public address, and nowhere but here. None: clicks are
	// not counted. Only the sending process is given them.
	Links    []string
	Doubt    DoubtPolicy
	State    MailingState
	Reason   string        // why it is held or paused, for people
	Start    time.Time     // not before
	Patience time.Duration // after Start, or after a deferral, until a dispatch expires
	Staff    StaffID       // who made it
	Created  time.Time
}

// MailingKind says who renders a mailing's mails.
type MailingKind string

// The kinds.
const (
	MailingAudience MailingKind = "audience" // a letter and the fields of a file's rows
	MailingCampaign MailingKind = "campaign" // a step of a campaign
	MailingDirect   MailingKind = "direct"   // written by a colleague to people of one conversation
)

// Bulk reports mail to many, which bears unsubscribe links and list fields.
func (k MailingKind) Bulk() bool { return k != MailingDirect }

// MailingState is whether a mailing's dispatches are claimed.
type MailingState string

// The states. Finished is not among them: it is said when no dispatch is open.
const (
	MailingDraft   MailingState = "draft"   // nothing is claimed yet
	MailingRunning MailingState = "running" // claimed when due
	MailingPaused  MailingState = "paused"  // by a person, or by a guardrail; Reason says which
	MailingHeld    MailingState = "held"    // waits for a person: it would have started late
	MailingStopped MailingState = "stopped" // called off; what was queued is cancelled
)

// DoubtPolicy says what becomes of a dispatch that may have been sent or not,
// when no evidence turns up.
type DoubtPolicy string

// The policies.
const (
	DoubtHold   DoubtPolicy = "hold"        // a person decides; at most one mail
	DoubtResend DoubtPolicy = "resend-once" // sent again once; at least one mail
	DoubtVerify DoubtPolicy = "verify"      // the Sent folder decides: not there, sent again; unreadable, held
)

// DoubtPolicies lists them, the default first.
var DoubtPolicies = []DoubtPolicy{DoubtHold, DoubtResend, DoubtVerify}

// ParseDoubtPolicy reads a policy; "" is the default.
func ParseDoubtPolicy(s string) (DoubtPolicy, error) {
	if s == "" {
		return DoubtHold, nil
	}
	if slices.Contains(DoubtPolicies, DoubtPolicy(s)) {
		return DoubtPolicy(s), nil
	}
	return "", Invalid("policy", "%q is none of hold, resend-once, verify", s)
}

// DoubtWait is how long evidence is awaited before a policy acts: longer than
// a server may take to answer the dot (RFC 5321 §4.5.3.2.6).
const DoubtWait = 11 * time.Minute

// LateStart is how late a mailing may begin without asking: a machine that was
// off, or a copy of one, must not fire what was meant for another day.
const LateStart = 30 * time.Minute

// Template is the text of a mailing, with merge tags.
type Template struct {
	Subject string `json:"subject"`
	Text    string `json:"text,omitempty"` // "" : made from HTML
	HTML    string `json:"html,omitempty"` // "" : plain text only
}

// Draft is one mail, complete but for what the courier knows: the envelope,
// Message-ID and signature.
type Draft struct {
	// Lead is the dispatch whose Message-ID the mail bears: of one mail to several
	// people the first one's. 0: its own.
	Lead        DispatchID
	Date        time.Time // of the mail; zero: when it is composed
	From        Party
	ReplyTo     []Party
	To, Cc      []Party
	Subject     string
	Text, HTML  string
	Plain       string // HTML that Text is made from when it is ""; "": HTML
	Files       []File
	InReplyTo   []string // Message-IDs without angle brackets
	References  []string
	Bulk        bool   // list fields and Precedence are due
	ListID      string // RFC 2919, "autumn.firm.example"; "" none
	Unsubscribe string // https address of RFC 8058 §3.1; "" none
	FeedbackID  string // for the complaint reports of large providers; "" none
	AutoAnswer  bool   // written by a program in answer to a mail (RFC 3834 §5)
}

// File is an attachment of a [Draft].
type File struct {
	Name      string
	Type      string // media type; "" application/octet-stream
	Data      []byte
	ContentID string // of a picture within the HTML, without angle brackets; "" an attachment
}

// Sender is an account at a mail server that takes our mail.
type Sender struct {
	ID          SenderID
	Name        string
	Host        string
	Port        int
	Security    Security
	Username    string   // "" : no authentication
	Password    string   // filled only for the courier; sealed at rest
	Domains     []string // From domains it may send for; empty: all
	Bounce      string   // domain of the VERP return path; "" the From address is the return path
	Connections int      // at most so many at once
	Rate        float64  // mails a second at most; 0: no limit of ours
	WarmUp      WarmUp   // how its From domains earn trust
	Order       int      // of several that could, the lowest is used; the next when it fails
	Disabled    bool
	State       SenderState
	Problem     string // one sentence for people, "" when well
	Since       time.Time
	Created     time.Time
}

// SenderState is how a sender fares.
type SenderState string

// The states of a sender.
const (
	SenderNew     SenderState = "new"     // not used yet
	SenderWell    SenderState = "well"    // takes mail
	SenderTrouble SenderState = "trouble" // cannot be reached; tried again by itself
	SenderRefused SenderState = "refused" // login refused: a human must act
)

// Serves reports whether the sender may send mail from this address.
func (s *Sender) Serves(from Address) bool { return !s.Disabled && s.Fits(from) }

// Fits reports whether the sender is for mail from this address, switched on or
// not.
func (s *Sender) Fits(from Address) bool {
	return len(s.Domains) == 0 || slices.Contains(s.Domains, from.Domain())
}
