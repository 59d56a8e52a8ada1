package crm

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SavedDraft is a mail that a colleague writes. Until it is sent it belongs to
// its author, and nobody else reads it. [Draft] is what is made of it for the
// courier.
type SavedDraft struct {
	ID       DraftID
	Staff    StaffID    // who writes it
	Customer CustomerID // on whose page; 0: the answered mail is nobody's
	Answers  MessageID  // 0: a new mail
	Mailbox  MailboxID  // from whose address; 0: not chosen
	To, Cc   []Party
	Subject  string
	Text     string
	Quote    string // of the answered mail, as it is to stand below the text
	Quoted   bool   // it stands there

	InReplyTo  []string // Message-IDs without angle brackets
	References []string
	Files      []DraftFile // Data only where that is said

	Touched bool // its author has changed it
	Created time.Time
	Changed time.Time

	Mailing   MailingID // 0: it is not sent
	Lead      DispatchID
	MessageID string    // of the sent mail, the same for all its recipients
	Sent      time.Time // when its author let it go
}

// DraftFile is a file of a [SavedDraft].
type DraftFile struct {
	N    int // within the draft
	Name string
	Type string
	Size int64
	Data []byte
}

// UndoTime is how long a mail waits after its author has let it go.
const UndoTime = 10 * time.Second

// Bounds of what colleagues write.
const (
	MaxDraftText    = 200_000  // bytes
	MaxDraftFiles   = 20 << 20 // bytes of all files: in base64 it stays below the 28 MB that common servers take
	MaxDraftParties = 50
	MaxSnippetName  = 80
	MaxSnippet      = 20_000
	maxFileName     = 200
)

// Outgoing is a mail that a colleague has sent and that the ledger knows more of
// than the timeline: it has not been found in the mailbox yet, or not everybody
// gets it.
type Outgoing struct {
	SavedDraft
	Author     string // name
	From       Address
	State      MailingState
	Recipients []Dispatch
	Unsent     bool   // certainly nobody has it: its author can take it back
	Captured   bool   // it stands on the timeline
	Trouble    string // why it does not lie in the Sent folder yet, for people
}

// Waiting reports whether nobody has tried to send it yet.
func (o *Outgoing) Waiting() bool {
	return !slices.ContainsFunc(o.Recipients, func(d Dispatch) bool { return d.State != Queued && d.State != Suppressed })
}

// Moving reports whether a recipient waits for the mail: the page looks again.
func (o *Outgoing) Moving() bool {
	return slices.ContainsFunc(o.Recipients, func(d Dispatch) bool { return d.State.Open() && d.State != Unknown })
}

// Writing says that a colleague is answering or writing to a customer.
type Writing struct {
	Staff StaffID
	Name  string
	Since time.Time
	Sent  bool // it is on its way
}

// WritingRest is how long after the last change somebody still counts as
// writing.
const WritingRest = 10 * time.Minute

// Correspondence is what drafts are asked for: those of a customer, or of a
// conversation.
type Correspondence struct {
	Customer     CustomerID
	Conversation ConversationID // with a customer: what is of either
}

// Filing is a sent mail whose copy is to be put into its author's Sent folder.
type Filing struct {
	Draft   DraftID
	Mailing MailingID
	Lead    DispatchID
	Mailbox MailboxID
	Tries   int // before this one
}

// Snippet is a text that colleagues put into mails.
type Snippet struct {
	ID      SnippetID
	Name    string
	Text    string // {{ name }} stands for the recipient's name
	Staff   StaffID
	Changed time.Time
}

// Validate checks what can be wrong with a draft at any time; sending one asks
// for more. Errors are of kind [KindInvalid] and name the field.
func (d *SavedDraft) Validate() error {
	if err := oneLine("subject", d.Subject); err != nil {
		return err
	}
	d.Text = strings.ReplaceAll(strings.ReplaceAll(d.Text, "\r\n", "\n"), "\r", "\n")
	switch {
	case len(d.Subject) > MaxSubject:
		return Invalid("subject", "the subject is longer than %d characters", MaxSubject)
	case len(d.Text) > MaxDraftText:
		return Invalid("text", "the text is longer than %d characters; attach it as a file", MaxDraftText)
	case len(d.To)+len(d.Cc) > MaxDraftParties:
		return Invalid("to", "a mail goes to %d people at most; more of them are a mailing", MaxDraftParties)
	case strings.ContainsRune(d.Text, 0):
		return Invalid("text", "the text has a NUL character; type it anew")
	}
	for _, p := range slices.Concat(d.To, d.Cc) {
		if err := oneLine("to", p.Name); err != nil {
			return err
		}
	}
	return nil
}

// oneLine refuses what would begin another header field (RFC 5322 §2.2).
func oneLine(field, s string) error {
	if strings.ContainsAny(s, "\r\n\x00") {
		return Invalid(field, "it has a line break or NUL; write it on one line")
	}
	return nil
}

// Body gives the whole text as it is sent: what was written, and the quote
// below it.
func (d *SavedDraft) Body() string {
	text := strings.TrimRightFunc(d.Text, unicode.IsSpace)
	if d.Quoted && d.Quote != "" {
		if text != "" {
			text += "\n\n"
		}
		text += d.Quote
	}
	return text + "\n"
}

// Empty reports that the author has written nothing and attached nothing.
func (d *SavedDraft) Empty() bool { return strings.TrimSpace(d.Text) == "" && len(d.Files) == 0 }

// Validate checks a file before it is kept. What a name has before its last
// slash is a folder of the author's machine and nobody's concern.
func (f *DraftFile) Validate() error {
	f.Name = f.Name[strings.LastIndexAny(f.Name, `/\`)+1:]
	f.Name = strings.TrimSpace(strings.ToValidUTF8(f.Name, "\uFFFD"))
	if err := oneLine("files", f.Name); err != nil {
		return Invalid("files", "the name of the file %q has a line break or NUL; rename it", f.Name)
	}
	f.Name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u202e' { // turns the direction of writing: exe.fdp
			return -1
		}
		return r
	}, f.Name)
	for len(f.Name) > maxFileName {
		_, n := utf8.DecodeLastRuneInString(f.Name)
		f.Name = f.Name[:len(f.Name)-n]
	}
	switch {
	case f.Name == "" || f.Name == "." || f.Name == "..":
		return Invalid("files", "the file has no name; give it one")
	case len(f.Data) == 0:
		return Invalid("files", "the file %s is empty", f.Name)
	}
	f.Size = int64(len(f.Data))
	if f.Type = strings.ToLower(strings.TrimSpace(f.Type)); f.Type == "" || oneLine("files", f.Type) != nil {
		f.Type = "application/octet-stream"
	}
	return nil
}

// Validate checks a text before it is kept.
func (s *Snippet) Validate() error {
	s.Name = strings.TrimSpace(s.Name)
	s.Text = strings.TrimRightFunc(strings.ReplaceAll(s.Text, "\r\n", "\n"), unicode.IsSpace)
	if err := oneLine("name", s.Name); err != nil {
		return err
	}
	switch {
	case s.Name == "":
		return Invalid("name", "give the text a name by which it is found")
	case len(s.Name) > MaxSnippetName:
		return Invalid("name", "the name is longer than %d characters", MaxSnippetName)
	case strings.TrimSpace(s.Text) == "":
		return Invalid("text", "the text is empty; write a few words")
	case len(s.Text) > MaxSnippet || strings.ContainsRune(s.Text, 0):
		return Invalid("text", "the text is longer than %d characters", MaxSnippet)
	}
	return nil
}

// For gives the text for somebody: {{ name }} is the name, and where none is
// known it is left out with the space before it.
func (s *Snippet) For(name string) string {
	text := s.Text
	for _, tag := range []string{"{{ name }}", "{{name}}"} {
		if name == "" {
			text = strings.ReplaceAll(text, " "+tag, "")
		}
		text = strings.ReplaceAll(text, tag, name)
	}
	return text
}
