package ingest_test

import (
	"context"
	"slices"
	"strings"

	"kaveri/crm"
)

// capturedMail is a mail as it was when nothing was excluded: who is in it, and
// in which folders of which mailboxes it lies.
type capturedMail struct {
	class   string
	people  [][2]string // role and address
	folders map[string][]string
}

// captured reads all mails by their content.
func (d database) captured() map[string]*capturedMail {
	d.t.Helper()
	hex := `encode(content, 'hex')`
	if d.sqlite {
		hex = `hex(content)`
	}
	out := map[string]*capturedMail{}
	of := func(content string) *capturedMail {
		if out[content] == nil {
			out[content] = &capturedMail{folders: map[string][]string{}}
		}
		return out[content]
	}
	for _, r := range d.each(2, `SELECT `+hex+`, class FROM messages`) {
		of(r[0]).class = r[1]
	}
	for _, r := range d.each(3, `SELECT `+hex+`, p.role, a.address FROM messages m JOIN participants p ON p.message_id = m.id JOIN addresses a ON a.id = p.address_id`) {
		of(r[0]).people = append(of(r[0]).people, [2]string{r[1], r[2]})
	}
	for _, r := range d.each(3, `SELECT `+hex+`, f.mailbox_id, f.name FROM messages m JOIN sightings g ON g.message_id = m.id JOIN folders f ON f.id = g.folder_id WHERE g.gone_us = 0`) {
		of(r[0]).folders[r[1]] = append(of(r[0]).folders[r[1]], r[2])
	}
	return out
}

// excludedBy says, with a simple reading of the rule, whether a list of addresses
// and domains excludes a mail.
func (c *capturedMail) excludedBy(own string, list []string) bool {
	excluded := func(address string) bool {
		domain := address[strings.LastIndex(address, "@")+1:]
		return slices.ContainsFunc(list, func(e string) bool {
			return e == string(crm.Address(address).Canonical()) || domain == e || strings.HasSuffix(domain, "."+e)
		})
	}
	inside := func(a string) bool { return strings.HasSuffix(a, "@"+own) }
	author, relayed := "", false
	bounced := slices.ContainsFunc(c.people, func(p [2]string) bool { return p[0] == "bounced" && !inside(p[1]) })
	for _, p := range c.people {
		if p[0] == "from" && author == "" {
			author = p[1]
		}
	}
	all, none := true, true
	for _, p := range c.people {
		relayed = p[0] == "reply-to" && c.class == string(crm.ClassSystem) && inside(author)
		switch {
		case inside(p[1]) || p[0] == "sender" || p[0] == "reply-to" && !relayed:
			continue
		case (p[0] == "from" || relayed) && excluded(p[1]):
			return true
		case p[0] == "from" && bounced && (c.class == string(crm.ClassBounce) || c.class == string(crm.ClassComplaint)):
			continue
		}
		all, none = all && excluded(p[1]), false
	}
	return all && !none
}

// holdsExactly checks that what is stored now is what was captured at first less
// what is excluded now, and what a colleague has said belongs to somebody.
func (m *meddler) holdsExactly(o *office, captured map[string]*capturedMail) {
	m.t.Helper()
	lists, shut := map[string][]string{}, map[string][]string{}
	for _, r := range m.db.each(3, `SELECT mailbox_id, kind, value FROM exclusions`) {
		if r[1] == string(crm.ExcludedFolder) {
			shut[r[0]] = append(shut[r[0]], r[2])
		} else {
			lists[r[0]] = append(lists[r[0]], string(crm.Address(r[2]).Canonical()))
		}
	}
	stored := m.db.captured()
	hex := `encode(content, 'hex')`
	if m.db.sqlite {
		hex = `hex(content)`
	}
	said := map[string]bool{}
	for _, r := range m.db.each(1, `SELECT `+hex+` FROM messages WHERE id IN (SELECT message_id FROM corrections WHERE belongs = 1)`) {
		said[r[0]] = true
	}
	gone, differ := 0, 0
	for content, c := range captured {
		excluded := c.excludedBy(o.domain, lists["0"])
		if !excluded {
			excluded = len(c.folders) > 0
			for box, folders := range c.folders {
				in := slices.DeleteFunc(slices.Clone(folders), func(name string) bool { return crm.InFolder(name, append(slices.Clone(shut["0"]), shut[box]...)) })
				excluded = excluded && (len(in) == 0 || c.excludedBy(o.domain, lists[box]))
			}
		}
		if excluded {
			gone++
		}
		if here := stored[content] != nil; here == (excluded && !said[content]) {
			if differ++; differ <= 10 {
				m.t.Errorf("stored: %v, excluded: %v, said to belong: %v: %+v", here, excluded, said[content], c)
			}
		}
	}
	for content := range stored {
		if captured[content] == nil {
			m.t.Errorf("a mail has come that was not there: %+v", stored[content])
		}
	}
	m.t.Logf("of %d mails %d are excluded at the end (%v, folders %v), %d differ", len(captured), gone, lists, shut, differ)
	if gone == 0 {
		m.t.Error("nothing is excluded at the end")
	}
}

// exclude adds a random exclusion; frequent, one of an address that writes much.
func (m *meddler) exclude(frequent bool) error {
	ctx, v := context.Background(), crm.SystemViewer
	e := crm.Exclusion{Kind: crm.ExcludedAddress, Value: m.text(anyAddress)}
	switch n := m.r.IntN(6); {
	case frequent:
		e.Value = m.text(`SELECT a.address FROM addresses a JOIN participants p ON p.address_id = a.id JOIN messages m ON m.id = p.message_id WHERE p.role = 'from' AND m.direction = 'in' ORDER BY m.id`)
	case n == 0:
		e.Kind, e.Value = crm.ExcludedDomain, m.text(`SELECT DISTINCT domain FROM addresses WHERE domain <> '' ORDER BY domain`)
	case n == 1 && len(m.folders) > 0:
		e.Kind, e.Value = crm.ExcludedFolder, m.folders[m.r.IntN(len(m.folders))]
	}
	if !frequent && m.r.IntN(2) == 0 {
		e.Mailbox = crm.MailboxID(m.pick(`SELECT id FROM mailboxes ORDER BY id`))
	}
	said, err := m.st.PreviewExclusion(ctx, v, e)
	if err != nil {
		return err
	}
	before := m.db.number(`SELECT count(*) FROM messages`)
	_, did, err := m.st.AddExclusion(ctx, v, e)
	if err == nil && (said != did || before-m.db.number(`SELECT count(*) FROM messages`) != did.Removed) {
		m.t.Errorf("excluding %+v: the preview said %+v, it did %+v, and %d of %d mails are left", e, said, did, m.db.number(`SELECT count(*) FROM messages`), before)
	}
	return err
}
