package ingest

import (
	"math/bits"
	"sync"
)

// Bodies come and go by the thousand: their buffers are used again, by powers
// of two from 4 KiB to 4 MiB. Larger ones are left to the collector.
const (
	minClass = 12
	maxClass = 22
)

var buffers [maxClass - minClass + 1]sync.Pool

func class(n int) int { return max(bits.Len(uint(max(n, 1)-1)), minClass) }

// takeBuffer gives a buffer of n bytes whose content is arbitrary.
func takeBuffer(n int) []byte {
	c := class(n)
	if c > maxClass {
		return make([]byte, n)
	}
	if b, ok := buffers[c-minClass].Get().(*[]byte); ok {
		return (*b)[:n]
	}
	return make([]byte, n, 1<<c)
}

// giveBuffer takes a buffer back; nobody may hold on to it.
func giveBuffer(b []byte) {
	if c := class(cap(b)); cap(b) >= 1<<minClass && c <= maxClass && cap(b) == 1<<c {
		b = b[:cap(b)]
		buffers[c-minClass].Put(&b)
	}
}
