package crm

import (
	"cmp"
	"math"
	"slices"
)

// placeholder makes a node for a mail that is not there.
func (t *threader) placeholder() int32 {
	t.ids = append(t.ids, "")
	t.parent = append(t.parent, none)
	t.link = append(t.link, LinkNone)
	t.gone = append(t.gone, false)
	t.trees.grow()
	t.groups.grow()
	return int32(len(t.ids) - 1)
}

// byDates gives the nodes of mails in the order of their dates, in which they
// are already unless RFC 5256 has them in another.
func (t *threader) byDates() []int32 {
	nodes := make([]int32, len(t.mails))
	for i := range nodes {
		nodes[i] = int32(i)
	}
	if t.opt.Rule.imap() {
		slices.SortStableFunc(nodes, func(a, b int32) int { return byDate(t.mail(a), t.mail(b)) })
	}
	return nodes
}

// lists are the children of nodes as linked lists: first of a parent, next of a
// child.
type lists struct{ first, next []int32 }

// listed makes the lists of these parents, the children in the order given.
func listed(parent []int32, order []int32) lists {
	l := lists{slices.Repeat([]int32{none}, len(parent)), slices.Repeat([]int32{none}, len(parent))}
	for _, n := range slices.Backward(order) {
		if p := parent[n]; p != none {
			l.next[n], l.first[p] = l.first[p], n
		}
	}
	return l
}

// walk visits a tree, parents before children, without recursion.
func (l lists) walk(root int32, visit func(n int32)) {
	stack := []int32{root}
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		visit(n)
		if n != root && l.next[n] != none {
			stack = append(stack, l.next[n])
		}
		if l.first[n] != none {
			stack = append(stack, l.first[n])
		}
	}
}

// topDown gives all nodes, each after its parent.
func (t *threader) topDown() []int32 {
	all := make([]int32, len(t.ids))
	for i := range all {
		all[i] = int32(i)
	}
	l := listed(t.parent, all)
	out := make([]int32, 0, len(all))
	for _, n := range all {
		if t.parent[n] == none {
			l.walk(n, func(n int32) { out = append(out, n) })
		}
	}
	return out
}

// prune takes out the placeholders that hold nothing together (step 3 of RFC
// 5256 §3): all but those at a root with more than one child. What hung under
// one hangs under its parent then.
func (t *threader) prune() {
	up := slices.Clone(t.parent) // the nearest ancestor that is a mail or a root
	held := make([]int32, len(t.ids))
	for _, n := range t.topDown() {
		if p := t.parent[n]; p != none && !t.seen(p) && t.parent[p] != none {
			up[n] = up[p]
		}
		if t.seen(n) && up[n] != none {
			held[up[n]]++
		}
	}
	for n := len(t.mails); n < len(t.ids); n++ {
		t.gone[n] = t.parent[n] != none || held[n] < 2
	}
	for n, p := range up {
		if t.gone[n] || p != none && t.gone[p] {
			p = none
		}
		t.parent[n] = p
	}
}

// shape is the forest as it is given out: without the placeholders that are
// gone or have no mail beneath them, siblings and roots in the order of dates.
type shape struct {
	lists
	parent []int32
	roots  []int32
}

// beyond sorts a node without a mail behind all others.
const beyond = math.MaxInt32

func (t *threader) shape() shape {
	down := t.topDown()
	parent := slices.Clone(t.parent)
	for _, n := range down {
		if p := t.parent[n]; p != none && t.gone[p] {
			parent[n] = parent[p]
		}
	}
	key := t.keys(parent, down)
	order := slices.DeleteFunc(down, func(n int32) bool { return t.gone[n] || key[n] == beyond })
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(key[a], key[b]) })
	s := shape{lists: listed(parent, order), parent: parent}
	for _, n := range order {
		if parent[n] == none {
			s.roots = append(s.roots, n)
		}
	}
	return s
}

// keys gives what nodes are sorted by: the place of the mail by date, and for a
// placeholder that of its first child (step 4 of RFC 5256 §3).
func (t *threader) keys(parent, down []int32) []int32 {
	key := slices.Repeat([]int32{beyond}, len(t.ids))
	for i, n := range t.byDates() {
		key[n] = int32(i)
	}
	for _, n := range slices.Backward(down) {
		if p := parent[n]; p != none && !t.seen(p) && !t.gone[n] {
			key[p] = min(key[p], key[n])
		}
	}
	return key
}

// threads gives the forest out: the trees of one group are one thread.
func (t *threader) threads() []Thread {
	s := t.shape()
	var out []Thread
	number := map[int32]int{}        // group -> thread
	place := make([]int, len(t.ids)) // node -> place in its thread
	for _, r := range s.roots {
		g := t.groups.find(r)
		k, ok := number[g]
		if !ok {
			k = len(out)
			number[g] = k
			out = append(out, Thread{})
		}
		th := &out[k]
		s.walk(r, func(n int32) {
			place[n] = len(th.Nodes)
			th.Nodes = append(th.Nodes, t.node(n, s.parent[n], th.Nodes, place))
		})
	}
	for i := range out {
		out[i].BaseSubject = t.baseOf(out[i].Nodes)
	}
	return out
}

func (t *threader) node(n, parent int32, before []ThreadNode, place []int) ThreadNode {
	node := ThreadNode{Mail: -1, MessageID: t.ids[n], Parent: -1}
	if t.seen(n) {
		node.Mail, node.Topic = int(t.mails[n]), t.topic[n]
	}
	if parent != none {
		node.Parent, node.Link = place[parent], t.link[n]
		node.Depth = before[node.Parent].Depth + 1
	}
	return node
}

// baseOf gives the base subject of the first mail by date that has one.
func (t *threader) baseOf(nodes []ThreadNode) string {
	var first *ThreadMail
	base := ""
	for _, n := range nodes {
		if n.Mail < 0 {
			continue
		}
		m := &t.given[n.Mail]
		if first != nil && byContent(m, first) >= 0 {
			continue
		}
		if b, _, _ := BaseSubject(m.Subject); b != "" {
			first, base = m, b
		}
	}
	return base
}
