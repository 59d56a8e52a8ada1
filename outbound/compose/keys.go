package compose

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
	"kaveri/outbound/compose/libcrypto"
)

// Keys gives the keys that sign now, of all domains, with their private part.
type Keys interface {
	SigningKeys(ctx context.Context) ([]crm.DKIMKey, error)
}

// The keys are read again after keysLast; after a failure, while older ones are
// there, after keysRetry.
const (
	keysLast    = time.Minute
	keysRetry   = 5 * time.Second
	keysPatient = 10 * time.Second
)

// keyring has the keys ready to sign, by domain.
type keyring struct {
	source Keys
	now    func() time.Time

	mu      sync.Mutex
	signers map[string][]signer // by domain as in addresses
	until   time.Time
}

// of gives the signers of a domain, or of the nearest domain above that has
// any: a signature of firm.example stands for news.firm.example as well
// (RFC 7489 §3.1.1, relaxed alignment).
func (k *keyring) of(domain string) ([]signer, error) {
	if k.source == nil {
		return nil, nil
	}
	all, err := k.current()
	if err != nil {
		return nil, err
	}
	for {
		if list := all[domain]; len(list) > 0 {
			return list, nil
		}
		_, above, ok := strings.Cut(domain, ".")
		if !ok {
			return nil, nil
		}
		domain = above
	}
}

// current gives the signers, read anew when it is time. When that fails the
// present ones go on: their records are in DNS.
func (k *keyring) current() (map[string][]signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if k.signers != nil && now.Before(k.until) {
		return k.signers, nil
	}
	read, err := k.read()
	switch {
	case err == nil:
		k.signers, k.until = read, now.Add(keysLast)
	case k.signers == nil:
		return nil, crm.Unavailable(err, "the keys that sign mail cannot be read")
	default:
		k.until = now.Add(keysRetry)
	}
	return k.signers, nil
}

func (k *keyring) read() (map[string][]signer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keysPatient)
	defer cancel()
	keys, err := k.source.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	all := map[string][]signer{}
	for _, key := range keys {
		s, known := k.known(key)
		if !known {
			if s, err = newSigner(key); err != nil {
				return nil, err
			}
		}
		all[key.Domain] = append(all[key.Domain], s)
	}
	return all, nil
}

// known gives the signer of a key that is in use already.
func (k *keyring) known(key crm.DKIMKey) (signer, bool) {
	for _, s := range k.signers[key.Domain] {
		if s.selector == key.Selector && bytes.Equal(s.public, key.Public) {
			return s, true
		}
	}
	return signer{}, false
}

// newSigner makes a key ready.
func newSigner(key crm.DKIMKey) (signer, error) {
	private, err := x509.ParsePKCS8PrivateKey(key.Private)
	if err != nil {
		return signer{}, fmt.Errorf("the DKIM key %s: %w", key.RecordName(), err)
	}
	host, err := hostOf("domain", key.Domain)
	if err != nil {
		return signer{}, err
	}
	s := signer{domain: host, selector: key.Selector, public: key.Public}
	switch p := private.(type) {
	case *rsa.PrivateKey:
		s.algorithm, s.hash, s.key = "rsa-sha256", crypto.SHA256, fastest(p)
	case ed25519.PrivateKey:
		s.algorithm, s.hash, s.key = "ed25519-sha256", 0, p // it signs the digest itself (RFC 8463 §3)
	default:
		return signer{}, fmt.Errorf("the DKIM key %s is of an unknown kind", key.RecordName())
	}
	return s, nil
}

// fastest gives the key to the machine's OpenSSL, or leaves it to Go where
// there is none: the signatures are the same.
func fastest(private *rsa.PrivateKey) crypto.Signer {
	if s, err := libcrypto.Load(private); err == nil {
		return s
	}
	return private
}

// rsaBits is what every receiver takes (RFC 8301 §3.2), and what still fits
// into a DNS answer without TCP.
const rsaBits = 2048

// NewKeys makes keys for a domain, one of each algorithm, that wait until they
// are activated. Their selectors tell the day they were made and the algorithm;
// taken says which are in use, for a second pair on one day.
func NewKeys(domain string, at time.Time, taken func(selector string) bool) ([]crm.DKIMKey, error) {
	day := "kaveri-" + at.UTC().Format("20060102")
	stem := day
	for n := 2; taken(stem+"-"+string(crm.DKIMRSA)) || taken(stem+"-"+string(crm.DKIMEd25519)); n++ {
		stem = fmt.Sprintf("%s-%d", day, n)
	}
	key := crm.DKIMKey{Domain: domain, Created: at}
	r, err := newRSA(key, stem)
	if err != nil {
		return nil, err
	}
	e, err := newEd25519(key, stem)
	return []crm.DKIMKey{r, e}, err
}

func newRSA(key crm.DKIMKey, stem string) (crm.DKIMKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return key, err
	}
	key.Algorithm, key.Selector = crm.DKIMRSA, stem+"-"+string(crm.DKIMRSA)
	if key.Public, err = x509.MarshalPKIXPublicKey(&private.PublicKey); err != nil {
		return key, err
	}
	key.Private, err = x509.MarshalPKCS8PrivateKey(private)
	return key, err
}

func newEd25519(key crm.DKIMKey, stem string) (crm.DKIMKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return key, err
	}
	key.Algorithm, key.Selector, key.Public = crm.DKIMEd25519, stem+"-"+string(crm.DKIMEd25519), public
	key.Private, err = x509.MarshalPKCS8PrivateKey(private)
	return key, err
}
