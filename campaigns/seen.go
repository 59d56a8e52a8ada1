package campaigns

import (
	"hash/maphash"
	"math/bits"

	"kaveri/crm"
)

// seenRows remembers in which row an address stood first. It keeps 96 bits of
// hash and the row, 16 bytes: a million addresses as text, or in a map, would be
// most of what sending needs. That two addresses of a million meet has a chance
// of one in 10^17.
type seenRows struct {
	seeds [2]maphash.Seed
	slots []seenRow // a power of two of them, open addressing
	used  int
}

type seenRow struct {
	hash uint64
	more uint32
	row  uint32 // 0: the slot is free
}

func newSeenRows() *seenRows {
	return &seenRows{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, slots: make([]seenRow, 1<<10)}
}

// first gives the row that had the address before, 0 when none had; then it is
// this one from now on.
func (s *seenRows) first(a crm.Address, row int) int {
	if s.used*4 >= len(s.slots)*3 {
		s.grow()
	}
	r := seenRow{maphash.String(s.seeds[0], string(a)), uint32(maphash.String(s.seeds[1], string(a))), uint32(row)}
	slot := s.find(r)
	if slot.row != 0 {
		return int(slot.row)
	}
	*slot = r
	s.used++
	return 0
}

// find gives the slot of an address, or the free one where it belongs.
func (s *seenRows) find(r seenRow) *seenRow {
	shift := 64 - bits.TrailingZeros(uint(len(s.slots)))
	for i := r.hash >> shift; ; i = (i + 1) & uint64(len(s.slots)-1) {
		if slot := &s.slots[i]; slot.row == 0 || slot.hash == r.hash && slot.more == r.more {
			return slot
		}
	}
}

func (s *seenRows) grow() {
	old := s.slots
	s.slots = make([]seenRow, 2*len(old))
	for _, r := range old {
		if r.row != 0 {
			*s.find(r) = r
		}
	}
}
