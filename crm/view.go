package crm

import "time"

// The types of this file are what reads give back: shaped for a page or a
// table, already passed through the policy of their viewer.

// CustomerRow is a line of the customers list.
type CustomerRow struct {
	ID       CustomerID
	Name     string
	Address  Address // the first one
	Contacts int
	Mails    int // mails the viewer may see
	Notes    int
	Orders   int
	Ordered  time.Time // last; zero when never
	Tags     []string  // as they are shown, in order
	LastIn   time.Time // last human mail from them; zero when none
	LastOut  time.Time // last mail from us
	Waits    time.Time // since when a mail of theirs waits for our answer; zero when none does
}

// Waiting reports that a mail of theirs waits for our answer ([ExchangeOf]).
func (r CustomerRow) Waiting() bool { return !r.Waits.IsZero() }

// WroteLast reports that they wrote last.
func (r CustomerRow) WroteLast() bool { return r.LastIn.After(r.LastOut) }

// Direction of a mail as the firm sees it.
type Direction string

// The directions.
const (
	In       Direction = "in"
	Out      Direction = "out"
	Internal Direction = "internal"
)

// TimelineItem is one entry of a customer's timeline: a mail, a note, an order, a
// wish, an answer to a survey, or what came by the public form.
type TimelineItem struct {
	Kind     string // "mail", "note", "order", "wish", "vote" or "feedback"
	At       time.Time
	Mail     *MailRow
	Note     *Note
	Order    *Order
	Wish     *WishRow
	Vote     *Vote
	Feedback *Feedback
	Staff    string // name of the note's author
	Contact  string // the contact it is linked through
	Link     Link   // why a mail is here
}

// MailRow is a mail in a list.
type MailRow struct {
	ID           MessageID
	Conversation ConversationID
	At           time.Time
	Direction    Direction
	Class        Class
	From         Party
	To           []Party // To and Cc
	Subject      string
	Preview      string // the first words of the text
	Attachments  int
	Private      bool
	Begins       bool     // in a conversation: a new topic begins with it
	Through      []string // the colleagues' mailboxes in which it was seen, by name
}

// MailView is one mail with all that is known about it.
type MailView struct {
	MailRow
	MessageID    string // the header field
	Sent         time.Time
	Participants []Participant
	Files        []Attachment
	Links        []MailLink
	Denied       []MailDenial // whose it is not, by a colleague's word
	Sightings    []SightingRow
	Lossy        bool
	Defects      []string
	ClassReasons []string
	Bounce       *Bounce
	Complaint    *Complaint
	Absence      *Absence
	Checked      bool   // the firm's own server has checked who sent it
	Verified     bool   // and it comes from where its From says
	Language     string // of what the author wrote anew, ISO 639-1; "" when it is not known
	Size         int64
	Raws         int // distinct raws kept
}

// MailLink is a link with the names that people read.
type MailLink struct {
	Link
	ContactName  string
	CustomerName string
}

// MailDenial is a colleague's word that a mail does not belong to a contact.
type MailDenial struct {
	Contact      ContactID
	ContactName  string
	Customer     CustomerID
	CustomerName string
	Staff        string // "" when it was said on the machine itself
	At           time.Time
}

// SightingRow is one place where a mail was seen.
type SightingRow struct {
	Mailbox string
	Folder  string
	UID     uint32
	Seen    time.Time
	Gone    time.Time // zero while it is still there
}

// WithheldRow is one place where a mail lies that is not stored, and the rule by
// which it is not.
type WithheldRow struct {
	Mailbox string
	Folder  string
	UID     uint32
	Rule    Rule
}

// Letter is the text of a mail, and what of it its author wrote anew.
type Letter struct {
	Text string // UTF-8 with LF line ends
	New  string // "": all of it, or it does not stand in one piece
}

// SearchHit is a mail found, with the words in their place.
type SearchHit struct {
	MailRow
	Snippet   []SnippetPart
	Customers []CustomerRef
	Rank      float64 // higher is better; comparable within one answer only
}

// SnippetPart is a run of text; Hit marks what the search matched.
type SnippetPart struct {
	Text string
	Hit  bool
}

// CustomerRef names a customer.
type CustomerRef struct {
	ID   CustomerID
	Name string
}

// PageKey is where a page of a list ends and the next one begins: the sort
// value and the id of the last row. The zero value is the first page.
type PageKey struct {
	At time.Time
	ID int64
}

// FolderCount is the census of one folder: what the mailbox holds and where it
// went. Difference must be 0.
type FolderCount struct {
	Mailbox     MailboxID
	MailboxName string
	Folder      FolderID
	FolderName  string
	Captured    bool // false: left out by choice, nothing is counted
	InMailbox   int  // UIDs the server lists
	Stored      int
	Withheld    map[Rule]int
	Waiting     int // to be fetched or tried again
	Quarantined int
	At          time.Time // when the server was asked
	Error       string    // the server could not be asked: why
}

// Excluded sums what rules withhold.
func (c FolderCount) Excluded() int {
	n := 0
	for _, k := range c.Withheld {
		n += k
	}
	return n
}

// Difference is what is in the mailbox and nowhere with us (positive), or with
// us as present and no longer there (negative).
func (c FolderCount) Difference() int {
	return c.InMailbox - c.Stored - c.Excluded() - c.Waiting - c.Quarantined
}

// MailboxHealth is a mailbox with what people want to know about it.
type MailboxHealth struct {
	Mailbox
	Owner   string
	Folders []FolderCount // the last census
	// Stored, Waiting and Quarantined are counted now, not at the last census.
	Stored, Waiting, Quarantined int
}

// Event says that something a page may show has changed.
type Event struct {
	Kind     string // "mail", "note", "detail", "mailbox", "question", "mailing", "sender", "draft", "order", "ladder", "wish", "survey", "feedback", "waiting", "tag", "segment", "campaign"
	Customer CustomerID
	// Conversation is of an answer that a colleague writes.
	Conversation ConversationID
	Message      MessageID // when not everybody may know of it
	Mailbox      MailboxID
	Mailing      MailingID
	Sender       SenderID
	Campaign     CampaignID
}

// CustomerQuery selects customers: all, newest contact first, or those whose
// name or address has words beginning with the words of Text.
type CustomerQuery struct {
	Text  string
	Tag   string  // "": whatever their tags
	After PageKey // zero: the first page
	Limit int     // 0: 50
}
