package crm

import "slices"

// guess reports a reason that is too weak to keep a mail for.
func (r Rule) guess() bool { return r == ReasonName || r == ReasonPhone }

// astray reports a mail that somebody outside wrote and no rule has placed.
func (d *decision) astray() bool {
	v := &d.v
	return len(v.Links) == 0 && len(v.Newcomers) == 0 && len(v.Candidates) == 0 && d.m.Class == ClassHuman && len(d.outsiders) > 0 && !d.f.Outgoing(d.m.Envelope)
}

// clues proposes contacts to whom something in the mail points. Of a customer
// one is enough: colleagues share a number.
func (d *decision) clues() {
	if !d.astray() {
		return
	}
	for _, c := range d.dir.Clues(d.m) {
		if !slices.ContainsFunc(d.v.Candidates, func(o Candidate) bool { return o.Customer == c.Customer }) {
			d.candidate(c.Person, c.Reason, c.Evidence)
		}
	}
}

// namesakes proposes contacts who are called as the unknown author is.
func (d *decision) namesakes() {
	author := d.m.Author()
	if !d.astray() || len(Tokens(author.Name)) < 2 {
		return
	}
	for _, p := range d.dir.ContactsNamed(author.Name) {
		d.candidate(p, ReasonName, "from: "+author.Display())
	}
}
