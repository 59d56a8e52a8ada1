package ingest

import "sync"

// recent remembers mails that were stored lately, so that the same bytes from
// another mailbox need not be read again: a fifth of a firm's mail is copies.
// It holds two generations of maxRecent each and forgets the older one.
type recent struct {
	mu       sync.Mutex
	now, old map[[32]byte]struct{} // by crm.Raw.Sum
}

const maxRecent = 32768

func (r *recent) has(sum [32]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.now[sum]
	if !known {
		_, known = r.old[sum]
	}
	return known
}

func (r *recent) add(sum [32]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.now) >= maxRecent || r.now == nil {
		r.old, r.now = r.now, make(map[[32]byte]struct{})
	}
	r.now[sum] = struct{}{}
}
