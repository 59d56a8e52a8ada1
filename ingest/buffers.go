package ingest

import (
	"math/bits"
	"sync"
)

// Bodies come and go by the thousand: their buffers are used again, by powers
// of two from 4 KiB to 4 MiB. Larger ones are left to the collector. A
// sync.Pool would be emptied at each collection, of which there are many under
// [Tune]'s limit, and new memory has to be cleared.
const (
	minClass = 12
	maxClass = 22

	maxSpare = 24 << 20 // bytes that wait to be used again
)

var buffers struct {
	mu    sync.Mutex
	free  [maxClass - minClass + 1][][]byte
	spare int // bytes in free
}

func class(n int) int { return max(bits.Len(uint(max(n, 1)-1)), minClass) }

// takeBuffer gives a buffer of n bytes whose content is arbitrary.
func takeBuffer(n int) []byte {
	c := class(n)
	if c > maxClass {
		return make([]byte, n)
	}
	if b := spareBuffer(c); b != nil {
		return b[:n]
	}
	return make([]byte, n, 1<<c)
}

func spareBuffer(c int) []byte {
	b := &buffers
	b.mu.Lock()
	defer b.mu.Unlock()
	free := b.free[c-minClass]
	if len(free) == 0 {
		return nil
	}
	last := len(free) - 1
	out := free[last]
	free[last], b.free[c-minClass] = nil, free[:last]
	b.spare -= 1 << c
	return out
}

// giveBuffer takes a buffer back; nobody may hold on to it.
func giveBuffer(used []byte) {
	c := class(cap(used))
	b := &buffers
	b.mu.Lock()
	defer b.mu.Unlock()
	if cap(used) != 1<<c || c > maxClass || b.spare+(1<<c) > maxSpare {
		return
	}
	b.free[c-minClass] = append(b.free[c-minClass], used)
	b.spare += 1 << c
}
