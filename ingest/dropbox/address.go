package dropbox

import (
	"strings"

	"kaveri/crm"
)

// want is what a recipient address asks for.
type want struct {
	to       crm.Address
	written  string // as the client wrote it
	kind     wantKind
	customer crm.CustomerID // of a note
}

type wantKind int

const (
	wantNothing wantKind = iota
	wantBounce
	wantNote
	wantCopy
	wantJournal
)

// The local parts that mean something.
const (
	noteLocal    = "note"
	copyLocal    = "kaveri"
	journalLocal = "journal"
)

// NoteAddress gives the address to which a colleague writes a note about a
// customer.
func NoteAddress(keys crm.Keyring, c crm.CustomerID, domain string) crm.Address {
	return crm.Address(noteLocal + "+" + keys.Make(crm.TokenNote, int64(c)) + "@" + domain)
}

// CopyAddress gives the address to which colleagues copy or forward mail.
func CopyAddress(domain string) crm.Address { return crm.Address(copyLocal + "@" + domain) }

// wanted reads a recipient. Only addresses of our domains mean anything.
func wanted(a crm.Address, domains []string, keys crm.Keyring) want {
	ours := false
	for _, d := range domains {
		ours = ours || strings.EqualFold(d, a.Domain())
	}
	if !ours {
		return want{}
	}
	if _, ok := keys.Returned(a); ok {
		return want{kind: wantBounce}
	}
	local := strings.ToLower(a.Local())
	if token, ok := strings.CutPrefix(local, noteLocal+"+"); ok {
		if id, ok := keys.Read(crm.TokenNote, token); ok {
			return want{kind: wantNote, customer: crm.CustomerID(id)}
		}
		return want{}
	}
	local, _, _ = strings.Cut(local, "+")
	switch local {
	case copyLocal:
		return want{kind: wantCopy}
	case journalLocal:
		return want{kind: wantJournal}
	}
	return want{}
}
