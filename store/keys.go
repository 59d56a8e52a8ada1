package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strconv"
	"sync"

	"kaveri/crm"
)

// keys are derived from the key outside the database, one per purpose, so
// that a stolen database (or backup) gives away neither mailbox passwords nor
// with whom the firm's strangers correspond.
type keys struct {
	hash   []byte
	seal   cipher.AEAD
	tokens []byte
}

// KeySize is the length of the key outside the database, in bytes.
const KeySize = 32

func newKeys(master []byte) (keys, error) {
	if len(master) != KeySize {
		return keys{}, crm.Invalid("key", "the key must have %d bytes; restore the key file that belongs to this database", KeySize)
	}
	hash, err := hkdf.Key(sha256.New, master, nil, "kaveri keyed hash 1", 32)
	if err != nil {
		return keys{}, err
	}
	sealKey, err := hkdf.Key(sha256.New, master, nil, "kaveri sealed secrets 1", 32)
	if err != nil {
		return keys{}, err
	}
	tokens, err := hkdf.Key(sha256.New, master, nil, "kaveri tokens 1", 32)
	if err != nil {
		return keys{}, err
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return keys{}, err
	}
	aead, err := cipher.NewGCM(block)
	return keys{hash: hash, seal: aead, tokens: tokens}, err
}

// ring gives the keyring of the tokens that go out in mail. The key of a
// purpose is derived when it is first needed.
func (k keys) ring() crm.Keyring {
	var made sync.Map
	return crm.NewKeyring(func(p crm.TokenPurpose) []byte {
		if key, ok := made.Load(p); ok {
			return key.([]byte)
		}
		key, err := hkdf.Expand(sha256.New, k.tokens, "kaveri token "+string(p), 32)
		if err != nil {
			panic(err) // a length that SHA-256 cannot give
		}
		made.Store(p, key)
		return key
	})
}

// of gives the keyed hash of a value of a kind, 64 bits of HMAC-SHA-256: a
// chance of 3 in a million for any two among ten million to coincide, which
// would fetch one mail too many and nothing worse.
func (k keys) of(kind, value string) int64 {
	m := hmac.New(sha256.New, k.hash)
	m.Write([]byte(kind))
	m.Write([]byte{0})
	m.Write([]byte(value))
	var sum [sha256.Size]byte
	return int64(binary.BigEndian.Uint64(m.Sum(sum[:0])))
}

func (k keys) address(a crm.Address) int64   { return k.of("address", string(a)) }
func (k keys) messageID(id string) int64     { return k.of("message-id", id) }
func secretOf(table string, id int64) []byte { return []byte(table + "/" + strconv.FormatInt(id, 10)) }

// sealed encrypts a secret for the row it stands in: moved to another row it
// does not open.
func (k keys) sealed(plain string, row []byte) []byte {
	nonce := make([]byte, k.seal.NonceSize())
	rand.Read(nonce)
	return k.seal.Seal(nonce, nonce, []byte(plain), row)
}

var errWrongKey = errors.New("a stored password does not open: the key file does not belong to this database")

func (k keys) opened(sealed, row []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	n := k.seal.NonceSize()
	if len(sealed) < n {
		return "", errWrongKey
	}
	plain, err := k.seal.Open(nil, sealed[:n], sealed[n:], row)
	if err != nil {
		return "", errWrongKey
	}
	return string(plain), nil
}
