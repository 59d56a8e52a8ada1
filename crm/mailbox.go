package crm

import (
	"strings"
	"time"
)

// Security says how a connection to a mail server is protected.
type Security string

// The kinds of connection security. RFC 8314 §3: implicit TLS is preferred.
const (
	SecurityTLS      Security = "tls"      // implicit TLS, port 993
	SecurityStartTLS Security = "starttls" // upgrade on port 143
	SecurityNone     Security = "none"     // loopback and tests only
)

// MailboxState is how a mailbox's follower fares.
type MailboxState string

// The states of a mailbox.
const (
	MailboxNew      MailboxState = "new"      // never reached yet
	MailboxFollowed MailboxState = "followed" // connected, live
	MailboxRetrying MailboxState = "retrying" // trouble; tried again by itself
	MailboxRefused  MailboxState = "refused"  // login refused: a human must act
	MailboxPaused   MailboxState = "paused"   // switched off by a human
	MailboxImported MailboxState = "imported" // files, not a server
)

// Mailbox is one staff mailbox that is captured.
type Mailbox struct {
	ID       MailboxID
	Staff    StaffID // the owner
	Address  Address
	Label    string
	Host     string
	Port     int
	Security Security
	Username string
	Password string // filled only for the follower; sealed at rest
	Folders  FolderChoice
	State    MailboxState
	Problem  string // one sentence for people, "" when well
	Since    time.Time
	LastSeen time.Time // last successful talk with the server
	Created  time.Time
}

// FolderChoice says which folders are captured beside the default (all
// selectable ones without Trash, Junk and Drafts).
type FolderChoice struct {
	Include []string `json:"include,omitempty"` // asked for by name although excluded by default
	Exclude []string `json:"exclude,omitempty"` // left out by name
	Closed  []string `json:"-"`                 // excluded, with the folders in them: filled in for the follower
}

// Folder is one folder of a mailbox with its cursor.
type Folder struct {
	ID      FolderID
	Mailbox MailboxID
	Name    string // decoded, with the server's delimiter
	Use     string // SPECIAL-USE of RFC 6154 without the backslash, lower case: sent, trash, junk, drafts, archive, all
	Enabled bool   // captured
	Cursor
}

// Cursor is how far a folder has been read. Every UID from Low to High is
// either a sighting or has a row of its own (waiting, withheld, retry,
// quarantined), or was not there when listed; UIDs below Low are still to be
// listed. It is committed with the rows it speaks of.
type Cursor struct {
	UIDValidity uint32
	High        uint32 // live high-water: highest UID listed
	Low         uint32 // backfill low-water: lowest UID listed; 1 when all are
	ModSeq      uint64 // HIGHESTMODSEQ at the last complete look, 0 when not offered (RFC 7162)
	Exists      uint32 // messages at the last complete look
}

// UID states: why a UID that was listed is not (yet) a sighting.
const (
	UIDWaiting     = "waiting"     // its body is to be fetched
	UIDWithheld    = "withheld"    // a rule says that it is not stored
	UIDRetry       = "retry"       // the server did not give it, or it failed; tried again
	UIDQuarantined = "quarantined" // failed three times; kept aside with bytes and reason
)

// Capture reports whether a folder of this use and name is captured under the
// choice. Trash, Junk and Drafts are left out unless asked for; Sent always in.
func (c FolderChoice) Capture(name, use string) bool {
	if InFolder(name, c.Closed) {
		return false
	}
	for _, n := range c.Exclude {
		if strings.EqualFold(n, name) {
			return false
		}
	}
	for _, n := range c.Include {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	switch use {
	case "trash", "junk", "drafts":
		return false
	}
	return true
}

// folderUses maps folder names to their use for servers without SPECIAL-USE,
// in the languages of the firms we meet; the last path element counts.
var folderUses = map[string]string{
	"sent": "sent", "sent items": "sent", "sent messages": "sent", "sent mail": "sent", "lähetetyt": "sent", "lähetetyt viestit": "sent", "lähetetty": "sent", "gesendet": "sent", "gesendete elemente": "sent", "gesendete objekte": "sent", "skickat": "sent", "skickade objekt": "sent", "envoyés": "sent", "éléments envoyés": "sent", "enviados": "sent", "saadetud": "sent", "sendt post": "sent",
	"trash": "trash", "deleted items": "trash", "deleted messages": "trash", "bin": "trash", "roskakori": "trash", "poistetut": "trash", "papierkorb": "trash", "gelöschte elemente": "trash", "papperskorgen": "trash", "borttaget": "trash", "corbeille": "trash", "papelera": "trash",
	"junk": "junk", "junk email": "junk", "junk e-mail": "junk", "spam": "junk", "bulk mail": "junk", "roskaposti": "junk", "skräppost": "junk", "spamverdacht": "junk", "courrier indésirable": "junk",
	"drafts": "drafts", "luonnokset": "drafts", "entwürfe": "drafts", "utkast": "drafts", "brouillons": "drafts", "borradores": "drafts",
	"archive": "archive", "arkisto": "archive", "archiv": "archive", "arkiv": "archive",
}

// FolderUse tells the use of a folder from its SPECIAL-USE attributes, else
// from its name. delim is the hierarchy delimiter, 0 when there is none.
func FolderUse(name string, delim rune, attrs []string) string {
	for _, a := range attrs {
		switch u := strings.ToLower(strings.TrimPrefix(a, `\`)); u {
		case "sent", "trash", "junk", "drafts", "archive", "all":
			return u
		}
	}
	if delim != 0 {
		if i := strings.LastIndex(name, string(delim)); i >= 0 {
			name = name[i+len(string(delim)):]
		}
	}
	return folderUses[fold(name)]
}
