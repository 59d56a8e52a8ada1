package crm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"strings"
	"sync"
)

// TokenPurpose is what a token may be used for. Each has a key of its own: a
// token of one purpose is worth nothing for another.
type TokenPurpose string

// The purposes.
const (
	TokenMessageID   TokenPurpose = "message-id"  // names a dispatch in the Message-ID field
	TokenReturnPath  TokenPurpose = "return-path" // names it in the envelope's sender (VERP)
	TokenUnsubscribe TokenPurpose = "unsubscribe" // lets its bearer opt out
	TokenPreferences TokenPurpose = "preferences" // and choose what to get
	TokenClick       TokenPurpose = "click"       // redirects to a stored address
	TokenOpen        TokenPurpose = "open"        // says that pictures were fetched
	TokenCopy        TokenPurpose = "copy"        // shows the mail in a browser
	TokenConfirm     TokenPurpose = "confirm"     // the second step of an opt-in
	TokenNote        TokenPurpose = "note"        // adds a note to a customer by mail
	TokenSurvey      TokenPurpose = "survey"      // answers one question
)

// Keyring makes and reads tokens: an id and 128 bits of HMAC-SHA-256 over
// purpose and id (RFC 2104), in lower-case base32, since some servers change
// the case of what stands left of the @. The zero Keyring reads none.
type Keyring struct {
	key  func(TokenPurpose) []byte
	macs *sync.Map // purpose -> pool of *prover, each with its key taken in
}

// NewKeyring gives a keyring with the keys that key gives for each purpose.
func NewKeyring(key func(TokenPurpose) []byte) Keyring { return Keyring{key, new(sync.Map)} }

const macBytes = 16

var tokenText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Make gives the token of an id: 13 letters for the id, 26 for the proof.
func (k Keyring) Make(p TokenPurpose, id int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(id))
	return string(k.append(make([]byte, 0, 48), p, b[:]))
}

// MakeLink gives the token of one link of a mail: 16 letters for both numbers, 26
// for the proof.
func (k Keyring) MakeLink(d DispatchID, n LinkNumber) string {
	var b [10]byte
	binary.BigEndian.PutUint64(b[:8], uint64(d))
	binary.BigEndian.PutUint16(b[8:], uint16(n))
	return string(k.append(make([]byte, 0, 48), TokenClick, b[:]))
}

// ReadLink gives mail and link of a token that MakeLink made, and false for any
// other.
func (k Keyring) ReadLink(token string) (d DispatchID, n LinkNumber, ok bool) {
	b, ok := k.proven(TokenClick, token, 16)
	if !ok {
		return 0, 0, false
	}
	return DispatchID(binary.BigEndian.Uint64(b)), LinkNumber(binary.BigEndian.Uint16(b[8:])), true
}

// MakeSurvey gives the token by which the recipient of a mail answers a survey: 26
// letters for both numbers, 26 for the proof.
func (k Keyring) MakeSurvey(d DispatchID, s SurveyID) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(d))
	binary.BigEndian.PutUint64(b[8:], uint64(s))
	return string(k.append(make([]byte, 0, 52), TokenSurvey, b[:]))
}

// ReadSurvey gives mail and survey of a token that MakeSurvey made, and false for
// any other.
func (k Keyring) ReadSurvey(token string) (d DispatchID, s SurveyID, ok bool) {
	b, ok := k.proven(TokenSurvey, token, 26)
	if !ok {
		return 0, 0, false
	}
	return DispatchID(binary.BigEndian.Uint64(b)), SurveyID(binary.BigEndian.Uint64(b[8:])), true
}

// Read gives the id of a token, and false for what was not made by Make for
// this purpose, or was changed.
func (k Keyring) Read(p TokenPurpose, token string) (id int64, ok bool) {
	b, ok := k.proven(p, token, 13)
	if !ok {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(b)), true
}

// proven gives what the first letters of a token say, when the others prove it.
// The comparison takes the same time whatever differs.
func (k Keyring) proven(p TokenPurpose, token string, letters int) ([]byte, bool) {
	if len(token) != letters+26 || k.key == nil {
		return nil, false
	}
	token = strings.ToLower(token)
	head, err := tokenText.DecodeString(token[:letters])
	if err != nil {
		return nil, false
	}
	mac, err := tokenText.DecodeString(token[letters:])
	if err != nil {
		return nil, false
	}
	m, pool := k.prover(p)
	defer pool.Put(m)
	if !hmac.Equal(mac, m.proof(head)) {
		return nil, false
	}
	return head, true
}

// prover makes proofs of one purpose, one at a time. Every mail bears several, so
// it makes no garbage.
type prover struct {
	hash    hash.Hash
	purpose []byte // and a zero byte
	id      []byte
	out     []byte
}

// proof gives the proof of an id; it holds until the next one.
func (m *prover) proof(id []byte) []byte {
	m.hash.Reset()
	m.hash.Write(m.purpose)
	m.id = append(m.id[:0], id...) // what is handed to an interface would leave the stack
	m.hash.Write(m.id)
	m.out = m.hash.Sum(m.out[:0])
	return m.out[:macBytes]
}

// prover takes one from its pool, to which it is to go back.
func (k Keyring) prover(p TokenPurpose) (*prover, *sync.Pool) {
	pool, ok := k.macs.Load(p)
	if !ok {
		key := k.key(p)
		pool, _ = k.macs.LoadOrStore(p, &sync.Pool{New: func() any {
			return &prover{hash: hmac.New(sha256.New, key), purpose: append([]byte(p), 0)}
		}})
	}
	return pool.(*sync.Pool).Get().(*prover), pool.(*sync.Pool)
}

// append writes the text of an id and its proof.
func (k Keyring) append(to []byte, p TokenPurpose, id []byte) []byte {
	m, pool := k.prover(p)
	defer pool.Put(m)
	to = tokenText.AppendEncode(to, id)
	return tokenText.AppendEncode(to, m.proof(id))
}

// MessageID gives the Message-ID of a dispatch, without angle brackets: the
// same at every attempt, and provably ours.
func (k Keyring) MessageID(d DispatchID, domain string) string {
	return k.Make(TokenMessageID, int64(d)) + "@" + domain
}

// DispatchOf reads a Message-ID that [Keyring.MessageID] made.
func (k Keyring) DispatchOf(messageID string) (DispatchID, bool) {
	left, _, _ := strings.Cut(messageID, "@")
	id, ok := k.Read(TokenMessageID, left)
	return DispatchID(id), ok
}

// returnMark begins the local part of a return path of ours.
const returnMark = "b-"

// ReturnPath gives the envelope sender of a dispatch, under which a bounce
// tells whose it is (VERP).
func (k Keyring) ReturnPath(d DispatchID, domain string) Address {
	return Address(returnMark + k.Make(TokenReturnPath, int64(d)) + "@" + domain)
}

// Returned reads an address that [Keyring.ReturnPath] made.
func (k Keyring) Returned(a Address) (DispatchID, bool) {
	token, ok := strings.CutPrefix(strings.ToLower(a.Local()), returnMark)
	if !ok {
		return 0, false
	}
	id, ok := k.Read(TokenReturnPath, token)
	return DispatchID(id), ok
}
