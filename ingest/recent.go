package ingest

import "sync"

// recent remembers mails that were stored lately, so that the same bytes from
// another mailbox need not be read again: a fifth of a firm's mail is copies.
// It holds two generations of maxRecent each and forgets the older one.
type recent struct {
	mu       sync.Mutex
	now, old map[[32]byte][32]byte // SHA-256 of the bytes -> of the content
}

const maxRecent = 16384

func (r *recent) content(sum [32]byte) (content [32]byte, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if content, known = r.now[sum]; !known {
		content, known = r.old[sum]
	}
	return content, known
}

func (r *recent) add(sum, content [32]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.now) >= maxRecent || r.now == nil {
		r.old, r.now = r.now, make(map[[32]byte][32]byte)
	}
	r.now[sum] = content
}
