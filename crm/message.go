package crm

import "time"

// Class says who wrote a mail: a person or which kind of robot. Robots never
// count as contact and never create a customer.
type Class string

// The classes, a closed vocabulary. When several fit, the first in the order
// bounce, complaint, auto-reply, calendar, list, newsletter, system, human.
const (
	ClassHuman      Class = "human"
	ClassAutoReply  Class = "auto-reply"
	ClassBounce     Class = "bounce"
	ClassComplaint  Class = "complaint"
	ClassList       Class = "list"       // a discussion list: people write
	ClassNewsletter Class = "newsletter" // one to many
	ClassSystem     Class = "system"     // transactional and automatic notices
	ClassCalendar   Class = "calendar"
)

// Envelope is who writes to whom and in which thread: what the header alone
// tells, enough to decide whom a mail belongs to.
type Envelope struct {
	MessageID    string    // without angle brackets; "" when absent
	InReplyTo    []string  // Message-IDs of In-Reply-To
	BareReply    bool      // they stand there without angle brackets
	References   []string  // Message-IDs of References, oldest first
	Date         time.Time // the Date field, UTC; zero when absent or unreadable
	Subject      string    // decoded, unfolded
	From         []Party
	Sender       []Party
	ReplyTo      []Party
	To           []Party
	Cc           []Party
	Bcc          []Party
	Class        Class
	ClassReasons []string // which fields said so
}

// Chain gives the Message-IDs of the mails before this one, oldest first,
// without doubles: References, then what only In-Reply-To names.
func (e *Envelope) Chain() []string {
	chain := make([]string, 0, len(e.References)+1)
	seen := make(map[string]bool, len(e.References)+1)
	for _, ids := range [2][]string{e.References, e.InReplyTo} {
		for _, id := range ids {
			if id != "" && id != e.MessageID && !seen[id] {
				seen[id] = true
				chain = append(chain, id)
			}
		}
	}
	return chain
}

// Author gives the first From party, else the Sender.
func (e *Envelope) Author() Party {
	for _, ps := range [2][]Party{e.From, e.Sender} {
		if len(ps) > 0 {
			return ps[0]
		}
	}
	return Party{}
}

// Role is the header field through which a party takes part in a mail.
type Role string

// The roles.
const (
	RoleFrom    Role = "from"
	RoleSender  Role = "sender"
	RoleReplyTo Role = "reply-to"
	RoleTo      Role = "to"
	RoleCc      Role = "cc"
	RoleBcc     Role = "bcc"
)

// The roles of people whom only the body names: they take no part in the mail,
// and it may be about them.
const (
	RoleForwarded Role = "forwarded" // author of a mail that is carried along
	RoleBounced   Role = "bounced"   // recipient whom another mail did not reach
)

// Participant is a party in its role.
type Participant struct {
	Role Role
	Party
}

// Participants lists every party with an address in header order: from, to,
// cc, bcc, then sender and reply-to.
func (e *Envelope) Participants() []Participant {
	ps := make([]Participant, 0, len(e.From)+len(e.To)+len(e.Cc)+len(e.Bcc)+2)
	add := func(role Role, list []Party) {
		for _, p := range list {
			if p.Address != "" {
				ps = append(ps, Participant{role, p})
			}
		}
	}
	add(RoleFrom, e.From)
	add(RoleTo, e.To)
	add(RoleCc, e.Cc)
	add(RoleBcc, e.Bcc)
	add(RoleSender, e.Sender)
	add(RoleReplyTo, e.ReplyTo)
	return ps
}

// Add puts a participant where its role says.
func (e *Envelope) Add(p Participant) {
	switch p.Role {
	case RoleFrom:
		e.From = append(e.From, p.Party)
	case RoleSender:
		e.Sender = append(e.Sender, p.Party)
	case RoleReplyTo:
		e.ReplyTo = append(e.ReplyTo, p.Party)
	case RoleTo:
		e.To = append(e.To, p.Party)
	case RoleCc:
		e.Cc = append(e.Cc, p.Party)
	case RoleBcc:
		e.Bcc = append(e.Bcc, p.Party)
	}
}

// Text sources: where [Message.Text] comes from.
const (
	TextPlain = "plain"
	TextHTML  = "html" // turned into text because there was no text part
	TextNone  = "none"
)

// Message is a parsed mail. Parsing never fails on content: what could not be
// read sets Lossy and is named in Defects; the raw bytes are always kept.
type Message struct {
	Envelope
	Text           string // UTF-8, LF line ends, no NUL
	TextSource     string // TextPlain, TextHTML or TextNone
	NewText        string // of Text what the author wrote anew; the same string when that is all
	Quoted         bool   // Text holds another mail or a part of one
	Signature      string // how the author signs; "" when not told apart
	HTML           string // the HTML part as UTF-8, unsanitised; "" when none
	Attachments    []Attachment
	Forwarded      []Party   // authors of the mails that it carries along, attached or quoted
	Bounced        []Address // recipients that it reports as failed
	Delivered      []Address // to which servers say that they delivered it: the envelope's recipients
	Auth           []AuthResult
	Bounce         *Bounce    // what a bounce tells, nil for other mail
	Complaint      *Complaint // what a complaint tells
	Absence        *Absence   // what an automatic answer tells
	CharsetGuessed bool       // a charset was missing or wrong and was guessed
	Lossy          bool       // something could not be decoded faithfully
	Defects        []string   // what was odd, in a fixed vocabulary of short words
}

// AuthResult is what a server noted about who sent a mail (RFC 8601). Anybody
// can write such a field, so it counts only when Server is the firm's own.
type AuthResult struct {
	Server string `json:"server"` // authserv-id
	DMARC  string `json:"dmarc,omitempty"`
	SPF    string `json:"spf,omitempty"`
	DKIM   string `json:"dkim,omitempty"`
}

// Attachment is a part that is not the body. Its bytes are not stored a second
// time: they are cut from the raw mail when read.
type Attachment struct {
	Part      string   // path in the MIME tree, "2" or "1.3"
	Name      string   // cleaned for display; never used as a path
	Type      string   // media type, lower case, without parameters
	Size      int64    // decoded bytes
	SHA256    [32]byte // of the decoded bytes; not kept with a stored mail
	Inline    bool     // Content-Disposition inline, or referenced by the HTML
	ContentID string   // without angle brackets
}

// Raw is one distinct byte form of a message.
type Raw struct {
	Sum     [32]byte // the identity of the bytes (parse.Hash)
	Content [32]byte // the identity of the message: the bytes without transport
	Size    int64    // bytes before compression
	Zstd    []byte   // the bytes, one zstd frame
}

// DefectOversize marks a mail over the size limit, of which only header and
// text were fetched.
const DefectOversize = "oversize"

// MaxSubject bounds what is kept of a subject, in bytes; the raw has the rest.
const MaxSubject = 2000

// WrittenText is what the author of a stored mail wrote anew, and the
// signature. All but ID is empty when it is one of ours.
type WrittenText struct {
	ID        MessageID
	At        time.Time
	Text      string
	Place     int    // of it in the mail's text, in bytes
	Signature string // "" when not told apart
	Author    Party
}
