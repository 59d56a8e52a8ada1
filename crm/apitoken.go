package crm

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// APIScope is what a token of the API lets its bearer do.
type APIScope string

// The scopes.
const (
	ScopeOrdersWrite APIScope = "orders:write" // bring orders
	ScopeOrdersRead  APIScope = "orders:read"  // ask for an order by its number
)

// APIScopes lists all scopes, in the order in which people are told of them.
var APIScopes = []APIScope{ScopeOrdersWrite, ScopeOrdersRead}

// ParseAPIScopes reads scopes. Its error, of kind [KindInvalid], names those that
// there are.
func ParseAPIScopes(list []string) ([]APIScope, error) {
	var out []APIScope
	for _, s := range list {
		scope := APIScope(strings.ToLower(strings.TrimSpace(s)))
		if !slices.Contains(APIScopes, scope) {
			return nil, Invalid("scope", "%q is unknown; choose of %s and %s", s, ScopeOrdersWrite, ScopeOrdersRead)
		}
		if !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	if len(out) == 0 {
		return nil, Invalid("scope", "say what the token is for: %s or %s", ScopeOrdersWrite, ScopeOrdersRead)
	}
	return out, nil
}

// APIToken is a token by which a program uses the API. Its text is known to its
// bearer alone.
type APIToken struct {
	ID      APITokenID
	Name    string // what uses it
	Scopes  []APIScope
	Staff   StaffID // who made it, and on whose behalf it acts
	Maker   string  // the name of Staff
	Created time.Time
	Used    time.Time // to the minute; zero: never
	Revoked time.Time // zero: it counts
}

// May reports whether the token has a scope.
func (t *APIToken) May(s APIScope) bool { return slices.Contains(t.Scopes, s) }

// apiTokenMark begins every token, so that people and scanners for secrets that
// were published by mistake can tell what it is.
const apiTokenMark = "kaveri_"

// NewAPIToken makes the text of a token, of 256 random bits, and the hash by which
// it is known.
func NewAPIToken() (text string, hash [32]byte) {
	var b [32]byte
	rand.Read(b[:])
	text = apiTokenMark + base64.RawURLEncoding.EncodeToString(b[:])
	return text, sha256.Sum256([]byte(text))
}

// HashAPIToken gives the hash of a token's text, and false for what cannot be one.
// With 256 random bits in it, a plain hash is as hard to turn back as a slow one.
func HashAPIToken(text string) (hash [32]byte, ok bool) {
	code, ok := strings.CutPrefix(text, apiTokenMark)
	if !ok || len(code) != 43 {
		return hash, false
	}
	return sha256.Sum256([]byte(text)), true
}

// OrderOptions say how orders are kept.
type OrderOptions struct {
	Import  ImportID // the file that they are of; 0: they came one by one
	Replace bool     // an order that is here with other content is replaced, not refused
}

// Once names a request that may come again: its answer is given again then,
// and nothing is done twice.
type Once struct {
	Token APITokenID
	Key   string   // chosen by the caller; "": the request has none
	Body  [32]byte // hash of what was sent
}
