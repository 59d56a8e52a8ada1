package crm

import "slices"

// maxCandidates bounds how many earlier mails of the same subject are asked
// whether a reply belongs to them.
const maxCandidates = 64

// noSubjects are what programs write where there is no subject, and over the
// answer to such a mail. They are about nothing.
var noSubjects = map[string]bool{
	"your mail": true, "your message": true, "your email": true, "no subject": true, "(no subject)": true, "<no subject>": true, "[no subject]": true, "(none)": true, "none": true,
	"(ei aihetta)": true, "ei aihetta": true, "(inget ämne)": true, "(ingen ämnesrad)": true, "(kein betreff)": true, "kein betreff": true, "ohne betreff": true,
	"(sans objet)": true, "(sin asunto)": true, "(nessun oggetto)": true, "(senza oggetto)": true, "(sem assunto)": true, "(geen onderwerp)": true, "(brak tematu)": true,
	"(ingen emne)": true, "(без темы)": true, "(无主题)": true, "(件名なし)": true,
}

// writes reports that a mark of a reply means one. In bulk mail it is there to
// be opened. On a list nobody is a stranger, since all read all, so that people
// say little there; and its mails are seldom a customer's.
func (t *threader) writes(c Class) bool {
	switch c {
	case "", ClassHuman, ClassAutoReply:
		return true
	}
	return c == ClassList && t.opt.Lists
}

// joinReplies finds the thread of replies that do not say what they answer:
// mail programs and gateways lose the fields. A subject alone proves nothing
// ("Invoice"), so it must be a reply by its mark, its author must have part in
// that mail, and it must come soon after. A mail that is no reply, and a
// stranger, never join.
func (t *threader) joinReplies() {
	earlier := map[string][]int32{} // by subject, in the order of dates
	for i := range t.mails {
		n := int32(i)
		s := &t.subject[n]
		if s.key == "" || noSubjects[s.key] || !t.writes(t.mail(n).Class) {
			continue
		}
		if s.reply && t.parent[n] == none && len(t.chains[n]) == 0 {
			if to := t.answered(n, earlier[s.key]); to != none {
				t.hang(n, to, LinkSubject)
			}
		}
		earlier[s.key] = append(earlier[s.key], n)
	}
}

// answered finds the mail that reply n answers: the newest whose author it is
// sent to, else the newest that fits at all.
func (t *threader) answered(n int32, earlier []int32) int32 {
	best, reply := none, t.mail(n)
	for i := len(earlier) - 1; i >= max(0, len(earlier)-maxCandidates); i-- {
		c := earlier[i]
		m := t.mail(c)
		gap, ok := between(m, reply)
		if !ok || gap > t.opt.SubjectGap {
			break
		}
		if t.trees.find(c) == t.trees.find(n) || !t.takesPart(reply, m) {
			continue
		}
		if m.Author != reply.Author && slices.Contains(reply.Recipients, m.Author) {
			return c
		}
		if best == none {
			best = c
		}
	}
	return best
}

// takesPart reports that the author of a reply is no stranger to a mail: wrote
// it, got it, or answers its author as one of us for a colleague, or on the
// list that both went to.
func (t *threader) takesPart(reply, m *ThreadMail) bool {
	if reply.Author == "" || m.Author == "" {
		return false
	}
	if reply.Author == m.Author || slices.Contains(m.Recipients, reply.Author) {
		return true
	}
	if !slices.Contains(reply.Recipients, m.Author) {
		return false
	}
	return reply.Class == ClassList && m.Class == ClassList && shared(reply, m) || t.opt.Own != nil && t.opt.Own(reply.Author)
}

// shared reports that two mails went to a common address, other than the
// authors': for list mail, the list.
func shared(a, b *ThreadMail) bool {
	for _, r := range a.Recipients {
		if r != "" && r != b.Author && slices.Contains(b.Recipients, r) {
			return true
		}
	}
	return false
}

// markTopics finds the mails that take an old mail to begin something new.
// People press "reply" because the address is at hand; the headers then say
// that it is the same conversation. A new subject alone is often only a better
// name, so there must be new people or a long silence too. The mail keeps its
// place: where the topic begins is marked and nothing is torn apart.
func (t *threader) markTopics() {
	above := t.nearest()
	for i := range t.mails {
		n, up := int32(i), above[i]
		if up == none || t.subject[n].key == t.subject[up].key || t.subject[n].key == "" {
			continue
		}
		was, now := t.mail(up), t.mail(n)
		gap, ok := between(was, now)
		t.topic[n] = ok && gap > t.opt.TopicGap || otherPeople(was, now)
	}
}

// nearest gives for each node the first ancestor whose mail is there.
func (t *threader) nearest() []int32 {
	above := slices.Clone(t.parent)
	for _, n := range t.topDown() {
		if p := t.parent[n]; p != none && !t.seen(p) {
			above[n] = above[p]
		}
	}
	return above
}

// otherPeople reports that nobody whom a mail is sent to had part in the mail
// that it answers.
func otherPeople(was, now *ThreadMail) bool {
	known := 0
	for _, r := range now.Recipients {
		if r == "" || r == now.Author {
			continue
		}
		if r == was.Author || slices.Contains(was.Recipients, r) {
			return false
		}
		known++
	}
	return known > 0
}

// mergeSubjects is step 5 of RFC 5256 §3: threads of the same subject become
// one.
func (t *threader) mergeSubjects() {
	sh := t.shape()
	about := make(map[int32]*subjectOf, len(sh.roots))
	table := map[string]int32{}
	for _, r := range sh.roots { // 5.B
		first := r
		if !t.seen(r) {
			first = sh.first[r]
		}
		s := &t.subject[first]
		about[r] = s
		if s.key == "" {
			continue
		}
		in, ok := table[s.key]
		if !ok || t.seen(in) && (!t.seen(r) || about[in].marked && !s.marked) {
			table[s.key] = r
		}
	}
	for _, r := range sh.roots { // 5.C
		s := about[r]
		if in, ok := table[s.key]; ok && in != r {
			table[s.key] = t.merge(in, r, s.marked && t.seen(in) && !about[in].marked)
		}
	}
}

// merge joins the thread r to the thread in of the table, and gives what the
// table has from then on. below says that r is a reply and in is none.
func (t *threader) merge(in, r int32, below bool) int32 {
	switch {
	case !t.seen(in):
		t.hang(r, in, LinkSubject)
		t.gone[r] = !t.seen(r) // its children become those of the other placeholder
	case below:
		t.hang(r, in, LinkSubject)
	default:
		both := t.placeholder()
		t.hang(in, both, LinkSubject)
		t.hang(r, both, LinkSubject)
		return both
	}
	return in
}

// orderSubjects is the whole of ORDEREDSUBJECT: the first mail of a subject,
// and all others under it.
func (t *threader) orderSubjects() {
	first := map[string]int32{}
	for _, n := range t.byDates() {
		key := t.subject[n].key
		if f, ok := first[key]; ok {
			t.hang(n, f, LinkSubject)
		} else {
			first[key] = n
		}
	}
}
