package store

import "sync"

// idBlock hands out ids from blocks reserved in the database. The first block
// is small, so that a command that adds one thing does not burn thousands.
type idBlock struct {
	mu         sync.Mutex
	next, last int64
	size       int64
}

const (
	firstBlock = 64
	maxBlock   = 16384
)

// id gives a fresh id. The block is reserved in the running transaction: if
// that is rolled back, the block is forgotten with it (see forget).
func (x *tx) id() (int64, error) {
	b := &x.s.ids
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next >= b.last {
		b.size = min(max(b.size*4, firstBlock), maxBlock)
		var end int64
		if err := x.row(`UPDATE id_blocks SET next = next + $1 WHERE id = 1 RETURNING next`, b.size).Scan(&end); err != nil {
			return 0, err
		}
		b.next, b.last = end-b.size, end
	}
	b.next++
	return b.next - 1, nil
}

// forget drops the block: the transaction that reserved it was rolled back,
// so another process may be given the same one.
func (b *idBlock) forget() {
	b.mu.Lock()
	b.next, b.last = 0, 0
	b.mu.Unlock()
}
