package crm

import (
	"net/url"
	"strings"
	"time"
)

// Where the public links lie below the public address; a token follows.
const (
	PathUnsubscribe = "/u/"
	PathPreferences = "/p/"
	PathClick       = "/c/"
	PathOpen        = "/o/"
	PathCopy        = "/m/"
	PathSurvey      = "/s/"
)

// PathFeedback is where the firm's public form lies; it needs no token.
const PathFeedback = "/feedback"

// PublicLinks makes the addresses that stand in a mail.
type PublicLinks struct {
	Base string // the public address, without a slash at its end
	Keys Keyring
}

// Unsubscribe gives the address under which the recipient opts out; RFC 8058
// §3.1 wants it in the field List-Unsubscribe when it begins with https.
func (l PublicLinks) Unsubscribe(d DispatchID) string {
	return l.Base + PathUnsubscribe + l.Keys.Make(TokenUnsubscribe, int64(d))
}

// Preferences gives the page on which the recipient chooses what to get.
func (l PublicLinks) Preferences(d DispatchID) string {
	return l.Base + PathPreferences + l.Keys.Make(TokenPreferences, int64(d))
}

// Click gives the address that leads to a stored link of the mailing.
func (l PublicLinks) Click(d DispatchID, n LinkNumber) string {
	return l.Base + PathClick + l.Keys.MakeLink(d, n)
}

// Trap gives the address of the hidden link. It looks like any other; the mail
// must hide it from eyes, screen readers and the keyboard.
func (l PublicLinks) Trap(d DispatchID) string { return l.Click(d, LinkTrap) }

// Open gives the address of the picture that tells that the mail was opened.
func (l PublicLinks) Open(d DispatchID) string {
	return l.Base + PathOpen + l.Keys.Make(TokenOpen, int64(d))
}

// Copy gives the address of the mail in a browser.
func (l PublicLinks) Copy(d DispatchID) string {
	return l.Base + PathCopy + l.Keys.Make(TokenCopy, int64(d))
}

// Survey gives the page on which the recipient answers a survey. The number of
// an answer may follow after a slash; it is only chosen beforehand.
func (l PublicLinks) Survey(d DispatchID, s SurveyID) string {
	return l.Base + PathSurvey + l.Keys.MakeSurvey(d, s)
}

// ParseLink reads an address that a click may lead to: http or https, with a
// host, without a user. Its error is of kind [KindInvalid].
func ParseLink(s string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return "", Invalid("link", "%q is not an address to link to; write it like https://example.com/page", s)
	}
	return u.String(), nil
}

// maxLinks is how many links a mailing may have: a token has 16 bits for them.
const maxLinks = 1<<16 - 1

// parseLinks reads the links of a mailing.
func parseLinks(list []string) ([]string, error) {
	if len(list) > maxLinks {
		return nil, Invalid("link", "a mailing has at most %d links", maxLinks)
	}
	var out []string
	for _, s := range list {
		link, err := ParseLink(s)
		if err != nil {
			return nil, err
		}
		out = append(out, link)
	}
	return out, nil
}

// ParsePublicURL reads the firm's public address, "" for none, without a slash
// at its end. Its error is of kind [KindInvalid].
func ParsePublicURL(s string) (string, error) {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if s == "" {
		return "", nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", Invalid("public address", "%q is not the address of your public pages; write it like https://mail.example.com", s)
	}
	return s, nil
}

// PublicRecipient is what the public pages know of the recipient of a mail.
type PublicRecipient struct {
	Dispatch DispatchID
	Mailing  MailingID
	Address  Address
	Language string            // ISO 639-1; "" when unknown
	Stopped  SuppressionReason // why no mailing goes there, "" when they do
	Undo     bool              // it was this mail's link, just now: it may be taken back
	Topic    string            // of the mail; "" none
	Out      bool              // mailings about that topic do not go there
	Topics   []Consent         // whether mailings about each go there: those of the firm's list, then others that were named, by name
}

// UndoWindow is how long an opt-out can be taken back by the link that made it.
// Later that takes a statement on the page of preferences.
const UndoWindow = time.Hour

// The sources of statements made on the public pages.
const (
	ConsentOneClick    = "one-click"        // RFC 8058, by a mail program
	ConsentUnsubscribe = "unsubscribe page" // a button there
	ConsentPreferences = "preference page"
	ConsentUndo        = "undo on the unsubscribe page"
)

// Statement is what somebody said on a public page of a mail of theirs.
type Statement struct {
	Dispatch DispatchID
	Topic    string // what is said is about this topic only; "" all mailings
	Source   string // see [ConsentOneClick] and the others
	Wording  string // as it was shown, with its version
	Proof    string // when, from where, with what
}

// Choice is a statement about one topic.
type Choice struct {
	Topic   string
	Given   bool
	Wording string
}

// LinkClicks is how many mails of a mailing had one of its links opened.
type LinkClicks struct {
	N        LinkNumber
	URL      string
	People   int
	Machines int // by scanners only as far as can be told
}

// Response is how many mails of a mailing brought a kind of event.
type Response struct {
	Kind    DispatchEventKind
	Machine bool // by scanners only as far as can be told
	Mails   int
}
