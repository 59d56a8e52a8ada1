package insight

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// eclat finds frequent itemsets (Zaki 1997): depth first, each set by the
// intersection of the baskets of its parts, as bits.
//
// Items are numbered from the rarest. Of each item the baskets that hold it are
// numbered anew, and the bits of its partners are over these alone: a rare item
// has short bit sets, and no set ever has a bit for each of a million baskets.
// Which partners are frequent is counted from the lists first.
//
// The itemsets are kept as a tree. A node's children stand one after the other,
// by item, so that the count of any set is found by going down.
type eclat struct {
	b         *Baskets
	min       int
	maxLength int
	limit     int     // of nodes
	count     []int   // of each item, by rank
	name      []int32 // the item of each rank
	nodes     []node
	bySize    []int
	spare     []layer
}

// node is the last item of an itemset; the others stand above it.
type node struct {
	item  int32 // its rank
	count int32
	first int32 // the first child
	last  int32 // behind the last child
}

// layer is the working space of one depth: the candidates that may go on.
type layer struct {
	ranks  []int32
	counts []int32
	bits   []uint64 // words for each candidate
}

func newEclat(b *Baskets, min, maxLength int) *eclat {
	e := &eclat{b: b, min: min, maxLength: maxLength, limit: maxItemsets}
	if maxLength <= 0 {
		e.maxLength = math.MaxInt32
	}
	counts := b.counts()
	for item, n := range counts {
		if n >= min {
			e.name = append(e.name, int32(item))
		}
	}
	slices.SortFunc(e.name, func(x, y int32) int {
		return cmp.Or(cmp.Compare(counts[x], counts[y]), strings.Compare(b.names[x], b.names[y]))
	})
	for _, item := range e.name {
		e.count = append(e.count, counts[item])
	}
	return e
}

// search fills the tree. It is false when there are too many itemsets.
func (e *eclat) search() bool {
	e.bySize = make([]int, 2, 8)
	e.bySize[1] = len(e.name)
	e.nodes = append(e.nodes, node{item: -1, count: int32(e.b.Len()), first: 1, last: int32(1 + len(e.name))})
	for rank, n := range e.count {
		e.nodes = append(e.nodes, node{item: int32(rank), count: int32(n)})
	}
	if e.maxLength < 2 {
		return true
	}
	ranked, ends := e.byRank()
	holders := e.holders(ranked, ends)
	partners := make([]int32, len(e.name))
	for rank := range e.name {
		if !e.project(rank, holders[rank], ranked, ends, partners) {
			return false
		}
	}
	return true
}

// byRank gives the baskets with their frequent items as ranks, sorted.
func (e *eclat) byRank() (ranked []int32, ends []int) {
	rankOf := make([]int32, len(e.b.names))
	for i := range rankOf {
		rankOf[i] = -1
	}
	for rank, item := range e.name {
		rankOf[item] = int32(rank)
	}
	ranked, ends = make([]int32, 0, len(e.b.items)), make([]int, e.b.Len())
	for i := range ends {
		begin := len(ranked)
		for _, item := range e.b.basket(i) {
			if r := rankOf[item]; r >= 0 {
				ranked = append(ranked, r)
			}
		}
		slices.Sort(ranked[begin:])
		ends[i] = len(ranked)
	}
	return ranked, ends
}

// holder is a place in the ranked baskets right behind an item, with the end of
// its basket: the rest are the partners that the item is to be counted with.
type holder struct{ at, end int }

func (e *eclat) holders(ranked []int32, ends []int) [][]holder {
	out := make([][]holder, len(e.name))
	for rank, n := range e.count {
		out[rank] = make([]holder, 0, n)
	}
	begin := 0
	for _, end := range ends {
		for at := begin; at < end; at++ {
			out[ranked[at]] = append(out[ranked[at]], holder{at + 1, end})
		}
		begin = end
	}
	return out
}

// project searches the itemsets that begin with an item. partners is working
// space, all zero.
func (e *eclat) project(rank int, holders []holder, ranked []int32, ends []int, partners []int32) bool {
	for _, h := range holders {
		for _, r := range ranked[h.at:h.end] {
			partners[r]++
		}
	}
	words := (len(holders) + 63) / 64
	l := e.layer(0)
	for r := rank + 1; r < len(partners); r++ {
		n := partners[r]
		partners[r] = 0
		if int(n) >= e.min {
			l.ranks, l.counts = append(l.ranks, int32(r)), append(l.counts, n)
			partners[r] = int32(len(l.ranks)) // where its bits are, from 1
		}
	}
	l.bits = zeroed(l.bits, len(l.ranks)*words)
	for i, h := range holders {
		for _, r := range ranked[h.at:h.end] {
			if at := int(partners[r]); at > 0 {
				l.bits[(at-1)*words+i/64] |= 1 << (i % 64)
			}
		}
	}
	for _, r := range l.ranks {
		partners[r] = 0
	}
	return e.extend(1+rank, 0, words)
}

// layer gives the empty working space of a depth.
func (e *eclat) layer(depth int) *layer {
	for depth >= len(e.spare) {
		e.spare = append(e.spare, layer{})
	}
	l := &e.spare[depth]
	l.ranks, l.counts, l.bits = l.ranks[:0], l.counts[:0], l.bits[:0]
	return l
}

func zeroed(b []uint64, n int) []uint64 {
	b = slices.Grow(b[:0], n)[:n]
	clear(b)
	return b
}

// extend puts the candidates of a depth beneath a node, and goes on with each.
func (e *eclat) extend(parent, depth, words int) bool {
	size := depth + 2
	n := len(e.spare[depth].ranks)
	if n == 0 {
		return true
	}
	if len(e.nodes)+n > e.limit {
		return false
	}
	for size >= len(e.bySize) {
		e.bySize = append(e.bySize, 0)
	}
	e.bySize[size] += n
	first := len(e.nodes)
	e.nodes[parent].first, e.nodes[parent].last = int32(first), int32(first+n)
	for i, r := range e.spare[depth].ranks {
		e.nodes = append(e.nodes, node{item: r, count: e.spare[depth].counts[i]})
	}
	if size >= e.maxLength {
		return true
	}
	for i := range n - 1 {
		e.intersect(depth, i, words)
		if !e.extend(first+i, depth+1, words) {
			return false
		}
	}
	return true
}

// intersect makes the next layer: candidate i together with each behind it.
func (e *eclat) intersect(depth, i, words int) {
	next := e.layer(depth + 1)
	from := &e.spare[depth]
	own := from.bits[i*words : (i+1)*words]
	for j := i + 1; j < len(from.ranks); j++ {
		other := from.bits[j*words : (j+1)*words]
		begin := len(next.bits)
		next.bits = slices.Grow(next.bits, words)[:begin+words]
		both, n := next.bits[begin:], 0
		for k := range both {
			w := own[k] & other[k]
			both[k] = w
			n += bits.OnesCount64(w)
		}
		if n < e.min {
			next.bits = next.bits[:begin]
			continue
		}
		next.ranks, next.counts = append(next.ranks, from.ranks[j]), append(next.counts, int32(n))
	}
}

// countOf gives the count of a set that is in the tree, by its ranks in order,
// without the one at leave.
func (e *eclat) countOf(ranks []int32, leave int) int {
	at := &e.nodes[0]
	for i, r := range ranks {
		if i == leave {
			continue
		}
		children := e.nodes[at.first:at.last]
		k, _ := slices.BinarySearchFunc(children, r, func(n node, r int32) int { return cmp.Compare(n.item, r) })
		at = &children[k]
	}
	return int(at.count)
}

// rules gives the rules of all itemsets of two and more, in their order.
func (e *eclat) rules(least Fraction) []Rule {
	var out []Rule
	var p []float64
	tests := 0
	e.each(0, nil, func(ranks []int32, count int) {
		tests += len(ranks)
		for i, r := range ranks {
			left := e.countOf(ranks, i)
			if count < least.least(left) {
				continue
			}
			m := together{count, left, e.count[r], e.b.Len()}
			out = append(out, e.rule(ranks, i, m))
			p = append(p, m.p())
		}
	})
	for i, adjusted := range benjaminiHochbergOf(p, tests) {
		out[i].P, out[i].Adjusted = p[i], adjusted
	}
	SortRules(out)
	return out
}

// SortRules puts rules into the order of [Mine]; their left sides are sorted.
func SortRules(rules []Rule) { slices.SortFunc(rules, compareRules) }

// each calls do for the itemsets of two and more beneath a node.
func (e *eclat) each(at int, above []int32, do func(ranks []int32, count int)) {
	for k := e.nodes[at].first; k < e.nodes[at].last; k++ {
		ranks := append(above, e.nodes[k].item)
		if len(ranks) > 1 {
			do(ranks, int(e.nodes[k].count))
		}
		e.each(int(k), ranks, do)
	}
}

func (e *eclat) rule(ranks []int32, right int, m together) Rule {
	r := Rule{RHS: e.b.names[e.name[ranks[right]]], Count: m.both, Support: float64(m.both) / float64(m.baskets), Confidence: m.confidence(),
		Lift: m.lift(), Leverage: m.leverage(), Conviction: m.conviction(), LiftLow: m.liftLow(), LiftHigh: m.liftHigh(), WithLHS: m.left, WithRHS: m.right}
	for i, rank := range ranks {
		if i != right {
			r.LHS = append(r.LHS, e.b.names[e.name[rank]])
		}
	}
	slices.Sort(r.LHS)
	return r
}

func compareRules(a, b Rule) int {
	return cmp.Or(descending(a.Lift, b.Lift), cmp.Compare(b.Count, a.Count), slices.Compare(a.LHS, b.LHS), strings.Compare(a.RHS, b.RHS))
}
