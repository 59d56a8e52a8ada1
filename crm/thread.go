package crm

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// ThreadMail is what threading looks at in a mail; see [Envelope.ThreadMail].
type ThreadMail struct {
	MessageID  string   // "" when absent
	References []string // Message-IDs of References, oldest first
	InReplyTo  []string // Message-IDs of In-Reply-To
	Date       time.Time
	Subject    string
	Author     Address   // the person who wrote it; "" when unknown
	Recipients []Address // whom it was sent to
	Class      Class     // who wrote it: a person, on a list or not, or a robot
	Seq        int       // its place where it was found: the last resort in a tie, and the order of IMAP
}

// ThreadMail gives what threading needs. at stands for a Date that is missing.
func (e *Envelope) ThreadMail(at time.Time, seq int) ThreadMail {
	m := ThreadMail{MessageID: e.MessageID, References: e.References, InReplyTo: e.InReplyTo, Date: e.Date, Subject: e.Subject,
		Class: e.Class, Seq: seq, Author: e.Author().Address}
	if m.Date.IsZero() {
		m.Date = at
	}
	// Without angle brackets it is a phrase and no id (RFC 5322 §3.6.4). Capture
	// follows it all the same, with proof; here nothing but the field speaks.
	if e.BareReply {
		m.InReplyTo = nil
	}
	for _, ps := range [2][]Party{e.To, e.Cc} {
		for _, p := range ps[:min(len(ps), maxThreadPeople-len(m.Recipients))] {
			m.Recipients = append(m.Recipients, p.Address)
		}
	}
	// A list that writes itself into From, as DMARC makes them do, leaves the
	// author in Reply-To.
	if slices.Contains(m.Recipients, m.Author) && len(e.ReplyTo) > 0 && !slices.Contains(m.Recipients, e.ReplyTo[0].Address) {
		m.Author = e.ReplyTo[0].Address
	}
	return m
}

// maxThreadPeople bounds the recipients of one mail that are looked at.
const maxThreadPeople = 50

// ThreadRule says by which rules mails become threads.
type ThreadRule string

// The rules.
const (
	// ThreadKaveri is for customers' mail: what the headers say, then with care
	// what subject and people say (see the package comment).
	ThreadKaveri ThreadRule = "kaveri"
	// ThreadHeaders is what References and In-Reply-To say and no more: the
	// first three steps of REFERENCES, and threads that a mail refers to
	// together are one.
	ThreadHeaders ThreadRule = "headers"
	// ThreadReferences is THREAD=REFERENCES of RFC 5256 §3, which joins by
	// subject whatever has the same one.
	ThreadReferences ThreadRule = "references"
	// ThreadOrderedSubject is THREAD=ORDEREDSUBJECT of RFC 5256 §3.
	ThreadOrderedSubject ThreadRule = "orderedsubject"
)

// imap reports the rules of RFC 5256, in which the sequence number of a mail
// means something.
func (r ThreadRule) imap() bool { return r == ThreadReferences || r == ThreadOrderedSubject }

// ThreadOptions are the rules and their measures. The zero value is what Kaveri
// does.
type ThreadOptions struct {
	Rule ThreadRule // "": ThreadKaveri
	// Missing keeps every mail that others refer to and that is not there.
	// Without it one is kept only where it holds several mails together.
	Missing    bool
	Lists      bool               // replies on discussion lists may join by subject as well
	SubjectGap time.Duration      // how long after a mail a reply may still join it by subject; 0: 14 days
	TopicGap   time.Duration      // a silence after which a new subject is a new topic; 0: 30 days
	Own        func(Address) bool // who is one of us, and no stranger in a customer's thread; nil: nobody
}

// The measures when [ThreadOptions] names none.
const (
	DefaultSubjectGap = 14 * 24 * time.Hour
	DefaultTopicGap   = 30 * 24 * time.Hour
)

// ThreadLink says why a mail hangs under its parent.
type ThreadLink string

// The links.
const (
	LinkNone      ThreadLink = ""          // it has no parent
	LinkHeader    ThreadLink = "header"    // References or In-Reply-To, its own or of a mail after it
	LinkSubject   ThreadLink = "subject"   // a reply without these fields: subject, people and time fit
	LinkDuplicate ThreadLink = "duplicate" // another copy of the mail above it
)

// Thread is a conversation: trees of mails, mostly one.
type Thread struct {
	BaseSubject string // of its first mail that has one
	Nodes       []ThreadNode
}

// ThreadNode is a mail of a thread in its place, or a mail that is not there.
// A parent stands before its children, and siblings in the order of their dates.
type ThreadNode struct {
	Mail      int    // index into the mails, -1 for one that is not there
	MessageID string // "" when it has none
	Parent    int    // index into Nodes, -1 for a root
	Depth     int    // 0 for a root
	Link      ThreadLink
	// Topic marks a mail that answers one of this thread and begins something
	// else: its subject is new, and so are its people, or much time has passed.
	Topic bool
}

// Threads sorts mails into threads, in the order of their first dates. Each
// mail is in exactly one. The order of the mails does not matter: what decides
// between contradictions is the date, then Message-ID, subject and author, and
// Seq only between equals (in the rules of RFC 5256: Seq alone).
func Threads(mails []ThreadMail, opt ThreadOptions) []Thread {
	opt.Rule = cmp.Or(opt.Rule, ThreadKaveri)
	opt.SubjectGap = cmp.Or(opt.SubjectGap, DefaultSubjectGap)
	opt.TopicGap = cmp.Or(opt.TopicGap, DefaultTopicGap)
	t := newThreader(mails, opt)
	switch opt.Rule {
	case ThreadOrderedSubject:
		t.orderSubjects()
	case ThreadReferences:
		t.linkHeaders()
		t.prune()
		t.mergeSubjects()
	default:
		t.linkHeaders()
		t.joinReferred()
		if opt.Rule == ThreadKaveri {
			t.joinDuplicates()
			t.joinReplies()
			t.markTopics()
		}
		if !opt.Missing {
			t.prune()
		}
	}
	return t.threads()
}

// byContent orders mails by what they say, so that the order in which they are
// given means nothing.
func byContent(a, b *ThreadMail) int {
	return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.MessageID, b.MessageID), strings.Compare(a.Subject, b.Subject),
		strings.Compare(string(a.Author), string(b.Author)), slices.Compare(a.References, b.References),
		slices.Compare(a.InReplyTo, b.InReplyTo), cmp.Compare(a.Seq, b.Seq))
}

func bySeq(a, b *ThreadMail) int { return cmp.Compare(a.Seq, b.Seq) }

func byDate(a, b *ThreadMail) int { return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Seq, b.Seq)) }
