package crm

import "slices"

// Twin looks whether the author of a mail, a contact of one customer, is a
// contact of another one too: the mail answers one that is about that other
// contact and not about the author, and the author is called as the other is,
// or repeats words of that mail. Then both are proposed to be one person; self
// is the author. ok is false when nothing shows it.
//
// Whoever is called otherwise has only been shown the mail: words prove nothing
// then. Nor do they when the other contact gets the mail, too.
func Twin(f *Firm, m *Facts, dir Directory) (self, other Person, evidence string, ok bool) {
	author := m.Author()
	chain := m.Chain()
	if m.Class != ClassHuman || m.Forged || len(chain) == 0 || f.Outgoing(m.Envelope) {
		return self, other, "", false
	}
	own := dir.ContactsOf(author.Address, m.At)
	if len(own) != 1 {
		return self, other, "", false
	}
	parent, via := dir.Parent(chain)
	for _, p := range parent.People {
		if p.Customer == own[0].Customer {
			return self, other, "", false
		}
	}
	for _, p := range parent.People {
		if how := likeness(author, p); how != "" {
			return own[0], p, "in-reply-to: " + via + " (" + how + ")", true
		}
	}
	if len(parent.People) == 1 {
		p := parent.People[0]
		if (p.Name == "" || len(Tokens(author.Name)) < 2) && !takesPart(m, p, dir) && dir.Quotes(via) {
			return own[0], p, "in-reply-to: " + via + " (quotes it)", true
		}
	}
	return self, other, "", false
}

// likeness says how an author is called as a contact is, "" when otherwise.
func likeness(author Party, p Person) string {
	switch {
	case SameName(author.Name, p.Name):
		return "signed " + author.Name
	case len(Tokens(author.Name)) < 2 && SameName(NameFromAddress(author.Address), p.Name):
		return "named like it: " + string(author.Address)
	}
	return ""
}

// takesPart reports whether a mail names an address of the contact.
func takesPart(m *Facts, p Person, dir Directory) bool {
	for _, o := range m.Participants() {
		if slices.ContainsFunc(dir.ContactsOf(o.Address, m.At), func(h Person) bool { return h.Contact == p.Contact }) {
			return true
		}
	}
	return false
}
