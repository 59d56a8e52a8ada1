package crm

import (
	"slices"
	"time"
)

// none is the parent of a root, and the mail of a node whose mail is not there.
const none = int32(-1)

// threader holds the nodes: first those of the mails, in the order in which
// they are worked through, then those of mails that are only referred to. All
// is loops over arrays: a chain of references as long as all mail together is
// walked without recursion.
type threader struct {
	opt     ThreadOptions
	given   []ThreadMail
	mails   []int32   // node -> index into given, for the nodes that have a mail
	ids     []string  // node -> Message-ID
	chains  [][]int32 // node of a mail -> nodes of what it refers to, oldest first
	copies  [][2]int32
	subject []subjectOf

	parent []int32
	link   []ThreadLink
	topic  []bool
	gone   []bool // placeholders that were taken out
	trees  sets   // nodes that parents connect
	groups sets   // nodes that make one thread, though in several trees
}

// subjectOf is the subject of a mail, to be compared.
type subjectOf struct {
	base   string
	key    string
	reply  bool // it bears the mark of a reply
	marked bool // of a reply or a forward
}

func newThreader(mails []ThreadMail, opt ThreadOptions) *threader {
	t := &threader{opt: opt, given: mails, mails: make([]int32, len(mails))}
	for i := range t.mails {
		t.mails[i] = int32(i)
	}
	order := byContent
	if opt.Rule.imap() {
		order = bySeq
	}
	slices.SortStableFunc(t.mails, func(a, b int32) int { return order(&mails[a], &mails[b]) })
	t.readSubjects()
	t.nameNodes()
	n := len(t.ids)
	t.parent = slices.Repeat([]int32{none}, n)
	t.link = make([]ThreadLink, n)
	t.topic = make([]bool, n)
	t.gone = make([]bool, n)
	t.trees, t.groups = newSets(n), newSets(n)
	return t
}

// mail gives the mail of a node, nil for a placeholder.
func (t *threader) mail(n int32) *ThreadMail {
	if int(n) >= len(t.mails) {
		return nil
	}
	return &t.given[t.mails[n]]
}

func (t *threader) seen(n int32) bool { return int(n) < len(t.mails) }

func (t *threader) readSubjects() {
	t.subject = make([]subjectOf, len(t.mails))
	for n := range t.mails {
		base, replies, forwards := BaseSubject(t.mail(int32(n)).Subject)
		t.subject[n] = subjectOf{base, SubjectKey(base), replies > 0, replies+forwards > 0}
	}
}

// nameNodes finds the node of each Message-ID. Of mails with the same one the
// first has it (RFC 5256 §3); the others are copies, to be looked at later.
func (t *threader) nameNodes() {
	byID := make(map[string]int32, len(t.mails))
	t.ids = make([]string, len(t.mails))
	for n := range t.ids {
		id := t.mail(int32(n)).MessageID
		t.ids[n] = id
		if first, ok := byID[id]; ok {
			t.copies = append(t.copies, [2]int32{first, int32(n)})
		} else if id != "" {
			byID[id] = int32(n)
		}
	}
	if t.opt.Rule == ThreadOrderedSubject {
		return
	}
	t.chains = make([][]int32, len(t.mails))
	for n := range t.chains {
		own := t.ids[n]
		for _, id := range t.chainOf(t.mail(int32(n))) {
			if id == "" || id == own {
				continue
			}
			at, ok := byID[id]
			if !ok {
				at = int32(len(t.ids))
				byID[id] = at
				t.ids = append(t.ids, id)
			}
			t.chains[n] = append(t.chains[n], at)
		}
	}
}

// chainOf gives what a mail refers to, the parent last. RFC 5256 §3 has
// In-Reply-To only when there is no References, and of it the first.
func (t *threader) chainOf(m *ThreadMail) []string {
	refs := m.References
	switch {
	case len(m.InReplyTo) == 0:
		return refs
	case len(refs) == 0:
		return m.InReplyTo[:1]
	case t.opt.Rule.imap() || m.InReplyTo[0] == refs[len(refs)-1]:
		return refs
	}
	// QUIRK: RFC 5322 §3.6.4 has the parent last in References. Some programs
	// write the newest first; In-Reply-To tells. What it alone names is nearest.
	refs = slices.Clone(refs)
	if m.InReplyTo[0] == refs[0] {
		slices.Reverse(refs)
	}
	return append(refs, m.InReplyTo[0])
}

// linkHeaders makes the trees (step 1 of RFC 5256 §3). What a mail says of
// itself goes before what others say of it, so first each is hung under the
// last it refers to, and then the mails that have no parent by then under the
// one before them in somebody's chain.
//
// A child is always a root when it gets its parent: whether a link would close
// a loop is whether both are in the same tree, which costs next to nothing.
func (t *threader) linkHeaders() {
	for n, chain := range t.chains {
		if len(chain) > 0 {
			t.hang(int32(n), chain[len(chain)-1], LinkHeader)
		}
	}
	for n, chain := range t.chains {
		for i := 1; i < len(chain); i++ {
			if c := chain[i]; !t.severed(c, int32(n)) {
				t.hang(c, chain[i-1], LinkHeader)
			}
		}
	}
}

// severed reports, under RFC 5256 §3 step 1.B, that what the chain of mail by
// says of c is forgotten: c comes later and says itself that it has no parent.
func (t *threader) severed(c, by int32) bool {
	return t.opt.Rule == ThreadReferences && t.seen(c) && c > by
}

// hang puts a root under a parent, unless that made a loop.
func (t *threader) hang(child, parent int32, why ThreadLink) {
	if t.parent[child] == none && t.trees.join(child, parent) {
		t.parent[child], t.link[child] = parent, why
		t.groups.join(child, parent)
	}
}

// joinReferred makes one thread of all that a mail refers to. The trees stay
// apart where a mail in the middle has another parent already.
func (t *threader) joinReferred() {
	for n, chain := range t.chains {
		for _, c := range chain {
			t.groups.join(int32(n), c)
		}
	}
}

// joinDuplicates puts a copy of a mail (one to a list and one to oneself) under
// the other when headers have not made them siblings. Programs that give the
// same Message-ID to all their mail exist, so author and subject must agree.
func (t *threader) joinDuplicates() {
	for _, c := range t.copies {
		first, second := t.mail(c[0]), t.mail(c[1])
		if first.Author == "" || first.Author != second.Author || t.subject[c[0]].key != t.subject[c[1]].key {
			continue
		}
		if t.parent[c[1]] == none {
			t.hang(c[1], c[0], LinkDuplicate)
		}
		t.groups.join(c[0], c[1])
	}
}

// between gives the time from a to b; ok is false when a date is missing.
func between(a, b *ThreadMail) (d time.Duration, ok bool) {
	return b.Date.Sub(a.Date), !a.Date.IsZero() && !b.Date.IsZero()
}

// sets is a union-find over nodes, with path halving and union by size.
type sets struct{ up, size []int32 }

func newSets(n int) sets {
	s := sets{make([]int32, n), make([]int32, n)}
	for i := range s.up {
		s.up[i], s.size[i] = int32(i), 1
	}
	return s
}

// grow adds a set of one.
func (s *sets) grow() {
	s.up = append(s.up, int32(len(s.up)))
	s.size = append(s.size, 1)
}

func (s *sets) find(n int32) int32 {
	for s.up[n] != n {
		s.up[n] = s.up[s.up[n]]
		n = s.up[n]
	}
	return n
}

// join makes one set of two; it reports whether they were two.
func (s *sets) join(a, b int32) bool {
	a, b = s.find(a), s.find(b)
	if a == b {
		return false
	}
	if s.size[a] < s.size[b] {
		a, b = b, a
	}
	s.up[b] = a
	s.size[a] += s.size[b]
	return true
}
