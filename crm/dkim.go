package crm

import (
	"encoding/base64"
	"strings"
	"time"
)

// DKIMKey is a key that signs the mail of a domain (RFC 6376).
type DKIMKey struct {
	Domain    string // as in addresses: lower case, U-labels
	Selector  string // names the key within the domain (RFC 6376 §3.1)
	Algorithm DKIMAlgorithm
	Public    []byte    // what DNS shows: SubjectPublicKeyInfo in DER for RSA, the 32 bytes themselves for Ed25519 (RFC 8463 §4.2)
	Private   []byte    // PKCS #8; filled only for the signer, sealed at rest, erased when the key is retired
	Created   time.Time // when it was made
	Active    time.Time // since when it signs; zero: it waits until DNS shows it
	Retired   time.Time // since when it signs no more; zero: it does, or will
}

// DKIMAlgorithm is the value of the tag k= of a key's DNS record.
type DKIMAlgorithm string

// The algorithms. Both sign every mail: not every receiver knows the newer one
// yet (RFC 8463 §3), and the older one is what the others trust.
const (
	DKIMRSA     DKIMAlgorithm = "rsa"
	DKIMEd25519 DKIMAlgorithm = "ed25519"
)

// DKIMKeyState is where a key is in its life.
type DKIMKeyState string

// The states of a key.
const (
	DKIMWaiting DKIMKeyState = "waiting" // made, and signs when DNS shows it
	DKIMSigning DKIMKeyState = "signing"
	DKIMRetired DKIMKeyState = "retired" // its record stays until DKIMKeep has passed
)

// DKIMKeep is how long the DNS record of a retired key is still needed: mail
// that it signed may be under way, and is verified where it arrives, for as long
// as servers try (RFC 5321 §4.5.4.1: four to five days).
const DKIMKeep = 7 * 24 * time.Hour

// State gives the key's state.
func (k DKIMKey) State() DKIMKeyState {
	switch {
	case !k.Retired.IsZero():
		return DKIMRetired
	case k.Active.IsZero():
		return DKIMWaiting
	}
	return DKIMSigning
}

// RecordName is where in DNS the key stands (RFC 6376 §3.6.2.1), without a dot
// at its end.
func (k DKIMKey) RecordName() string {
	domain, err := ASCIIDomain(k.Domain)
	if err != nil {
		domain = k.Domain // no such key is made
	}
	return k.Selector + "._domainkey." + domain
}

// Record is the text of its TXT record (RFC 6376 §3.6.1).
func (k DKIMKey) Record() string {
	return "v=DKIM1; k=" + string(k.Algorithm) + "; p=" + base64.StdEncoding.EncodeToString(k.Public)
}

// maxTXT is the longest string in a TXT record (RFC 1035 §3.3.14).
const maxTXT = 255

// RecordStrings gives the text in the strings of which a TXT record is made;
// readers join them without a space (RFC 6376 §3.6.2.2).
func (k DKIMKey) RecordStrings() []string {
	var list []string
	text := k.Record()
	for len(text) > maxTXT {
		list, text = append(list, text[:maxTXT]), text[maxTXT:]
	}
	return append(list, text)
}

// DKIMRecordState is what DNS shows where a key's record should be.
type DKIMRecordState string

// The states of a record.
const (
	DKIMRecordShown   DKIMRecordState = "shown"
	DKIMRecordMissing DKIMRecordState = "missing"
	DKIMRecordOther   DKIMRecordState = "other" // there is a record, of another key or of none
)

// RecordIn judges the TXT records found under [DKIMKey.RecordName]. More than
// one is refused by the standard (RFC 6376 §3.6.2.2) and so is no record of this
// key.
func (k DKIMKey) RecordIn(found []string) DKIMRecordState {
	switch {
	case len(found) == 0:
		return DKIMRecordMissing
	case len(found) > 1:
		return DKIMRecordOther
	}
	tags := map[string]string{"v": "DKIM1", "k": string(DKIMRSA)} // the defaults of RFC 6376 §3.6.1
	for tag := range strings.SplitSeq(found[0], ";") {
		name, value, _ := strings.Cut(tag, "=")
		tags[strings.TrimSpace(name)] = strings.Join(strings.Fields(value), "")
	}
	if tags["v"] == "DKIM1" && tags["k"] == string(k.Algorithm) && tags["p"] == base64.StdEncoding.EncodeToString(k.Public) {
		return DKIMRecordShown
	}
	return DKIMRecordOther
}

// SignersOf gives, of all keys, those that sign the mail of a domain: its own,
// or those of the nearest domain above that has any. A signature of firm.example
// stands for news.firm.example as well (RFC 7489 §3.1.1, relaxed alignment).
func SignersOf(all []DKIMKey, domain string) []DKIMKey {
	for above := true; above; _, domain, above = strings.Cut(domain, ".") {
		var keys []DKIMKey
		for _, k := range all {
			if k.Domain == domain && k.State() == DKIMSigning {
				keys = append(keys, k)
			}
		}
		if len(keys) > 0 {
			return keys
		}
	}
	return nil
}
