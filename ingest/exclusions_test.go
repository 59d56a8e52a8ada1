package ingest_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"kaveri/crm"
)

// A newsletter, a code of the bank, mail among colleagues and mail of Anna's
// doctor make no contact and leave no word in the database; the census counts
// all four. What the doctor wrote before goes when Anna excludes them.
func TestScenario11Exclusions(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		const doctor = "Dr Terve <doctor@clinic.example>"
		s.post("0", doctor, anna, "Quokka of last year", "numbat", nil, anna+" INBOX")
		s.post("1", anna, doctor, "Re: Quokka of last year", "numbat", reply("0"), anna+" Sent")
		s.sync()
		if rows, _, err := s.st.Customers(s.Context(), s.staff[anna], crm.CustomerQuery{Text: "terve"}); err != nil || len(rows) != 1 {
			s.Fatalf("customers: %+v, %v", rows, err)
		}
		if _, effect, err := s.st.AddExclusion(s.Context(), s.staff[anna], crm.Exclusion{Mailbox: s.boxes[anna], Kind: crm.ExcludedDomain, Value: "clinic.example"}); err != nil || effect.Removed != 2 {
			s.Fatalf("excluding the doctor: %+v, %v", effect, err)
		}
		s.mails.Expunge(anna, "INBOX", s.mails.Snapshot(anna)["INBOX"].Mails[0].UID)
		s.mails.Expunge(anna, "Sent", s.mails.Snapshot(anna)["Sent"].Mails[0].UID)
		s.post("n", "news@shop.example", anna, "Quokka news", "numbat", []string{"List-Id: <news.shop.example>\r\n"}, anna+" INBOX")
		s.post("b", "bank@bank.example", anna, "Quokka code 123456", "numbat", nil, anna+" INBOX")
		s.post("i", anna, ben, "Quokka among us", "numbat", nil, anna+" Sent")
		s.post("d", doctor, anna, "Quokka results", "numbat", nil, anna+" INBOX")
		s.sync()
		rows, _, err := s.st.Customers(s.Context(), s.staff[anna], crm.CustomerQuery{})
		s.check(err)
		if len(rows) != 1 || rows[0].ID != s.dora.ID {
			s.Errorf("customers: %+v", rows)
		}
		for _, word := range []string{"quokka", "numbat"} {
			if hits, err := s.st.Search(s.Context(), crm.SystemViewer, word, 10); err != nil || len(hits) != 0 {
				s.Errorf("a search for %s: %d, %v", word, len(hits), err)
			}
			if dump := s.dump(); strings.Contains(strings.ToLower(dump), word) {
				s.Errorf("%s is in the dump of the database", word)
			}
		}
		counts, err := s.st.FolderCounts(s.Context(), s.boxes[anna])
		s.check(err)
		excluded, doctors := 0, 0
		for _, c := range counts {
			excluded += c.Excluded()
			doctors += c.Withheld[crm.RuleExcluded]
		}
		if excluded != 4 || doctors != 1 {
			s.Errorf("%d are excluded by rule, %d of the doctor: %+v", excluded, doctors, counts)
		}
		checkCensus(s, s.st, s.mailboxes())
	})
}

// dump gives all that a backup holds.
func (s *stage) dump() string {
	s.Helper()
	var packed, out bytes.Buffer
	_, err := s.st.Backup(s.Context(), &packed, nil)
	s.check(err)
	z, err := zstd.NewReader(bytes.NewReader(packed.Bytes()[16:]))
	s.check(err)
	_, err = z.WriteTo(&out)
	s.check(err)
	return out.String()
}

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
