package ingest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// seed is that of the random changes; KAVERI_SEED chooses another one.
func seed() uint64 {
	n, err := strconv.ParseUint(os.Getenv("KAVERI_SEED"), 10, 64)
	if err != nil {
		n = 11
	}
	return n
}

// places gives where every mail belongs and why, what is asked about it, and
// whether only its thread can place it: all that the rules derive.
func (d database) places() []string {
	d.t.Helper()
	var out []string
	for _, query := range []string{
		`SELECT 'link', message_id, contact_id, rule, evidence, confidence FROM links`,
		`SELECT 'loose', id, loose, direction, '', 0 FROM messages`,
		`SELECT 'asked', message_id, contact_id, reason, evidence, 0 FROM reviews WHERE kind = 'mail' AND state = 'open' AND reason <> 'same-name'`,
	} {
		for _, r := range d.each(6, query) {
			out = append(out, strings.Join(r, " | "))
		}
	}
	slices.Sort(out)
	return out
}

// spoil changes the database behind the store's back.
func (d database) spoil(statements ...string) {
	d.t.Helper()
	if d.sqlite {
		statements = append([]string{`PRAGMA query_only = 0`}, append(statements, `PRAGMA query_only = 1`)...)
	}
	for _, q := range statements {
		if _, err := d.Exec(q); err != nil {
			d.t.Fatalf("%s: %v", q, err)
		}
	}
}

// TestRecomputeIsAsFromScratch: after many random changes, each carried on only
// to the mails that it may affect, every mail is where the rules put it when all
// links are thrown away and made anew.
func TestRecomputeIsAsFromScratch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 11, sized(600, 20_000), 5)
	onBothEngines(t, func(t *testing.T, dsn string) {
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyAll)
		sum := syncAll(t, st)
		db := openDatabase(t, dsn)
		r := rand.New(rand.NewPCG(7, seed()))
		m := &meddler{t: t, st: st, db: db, r: r}
		if err := m.sign(60); err != nil {
			t.Fatal(err)
		}
		for _, r := range db.each(1, `SELECT name FROM folders WHERE name <> 'INBOX'`) {
			m.folders = append(m.folders, r[0])
		}
		captured := db.captured()
		for i := range sized(80, 400) {
			if m.change(); i%20 == 19 {
				syncAll(t, st) // what was excluded and is not any more comes again
			}
		}
		for range 3 { // so that there is something to judge at the end
			m.exclude(true)
		}
		syncAll(t, st)
		m.holdsExactly(o, captured)
		if n := db.number(`SELECT count(*) FROM reviews WHERE reason = 'same-phone' AND kind = 'mail'`); n == 0 {
			t.Error("no mail was asked about because of a phone")
		}
		got := db.places()
		db.spoil(`DELETE FROM links`, `UPDATE messages SET loose = 0, direction = 'in'`, `UPDATE reviews SET state = 'settled' WHERE kind = 'mail' AND state = 'open'`)
		began := time.Now()
		if err := st.Rematch(context.Background()); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		want := db.places()
		differ := 0
		for _, pair := range [2]struct {
			name string
			a, b []string
		}{{"only by steps", got, want}, {"only from scratch", want, got}} {
			in := map[string]bool{}
			for _, s := range pair.b {
				in[s] = true
			}
			for _, s := range pair.a {
				if !in[s] {
					if differ++; differ <= 10 {
						t.Errorf("%s: %s", pair.name, s)
					}
				}
			}
		}
		t.Logf("%d mails, %d changes (%s); %d facts, %d differ; from scratch in %v", sum.Stored, len(m.did), m.summary(), len(want), differ, took.Round(time.Millisecond))
		if n := db.number(`SELECT count(*) FROM stale`); n != 0 {
			t.Errorf("%d mails are still stale", n)
		}
	})
}

// meddler makes random changes such as colleagues make.
type meddler struct {
	t      *testing.T
	st     *store.Store
	db     database
	r      *rand.Rand
	did    []string
	merges []crm.MergeID

	folders []string // names
}

// pick gives the number in the first column of a random row.
func (m *meddler) pick(query string) int64 {
	rows := m.db.each(1, query)
	if len(rows) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(rows[m.r.IntN(len(rows))][0], 10, 64)
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

func (m *meddler) text(query string) string {
	rows := m.db.each(1, query)
	if len(rows) == 0 {
		return ""
	}
	return rows[m.r.IntN(len(rows))][0]
}

const (
	anyContact  = `SELECT id FROM contacts WHERE merged_into = 0 ORDER BY id`
	anyCustomer = `SELECT id FROM customers WHERE merged_into = 0 ORDER BY id`
	anyMessage  = `SELECT id FROM messages ORDER BY id`
	anyAddress  = `SELECT address FROM addresses ORDER BY id`
)

func (m *meddler) change() {
	m.t.Helper()
	ctx, v := context.Background(), crm.SystemViewer
	contact := crm.ContactID(m.pick(anyContact))
	var err error
	what := ""
	switch m.r.IntN(17) {
	case 0, 1:
		what = "correction"
		message := crm.MessageID(m.pick(anyMessage))
		if linked := m.pick(`SELECT message_id FROM links ORDER BY message_id`); m.r.IntN(2) == 0 {
			message = crm.MessageID(linked)
		}
		err = m.st.Correct(ctx, v, message, contact, m.r.IntN(2) == 0)
	case 2:
		what = "address added"
		a := crm.ContactAddress{Address: crm.Address(m.text(anyAddress))}
		if m.r.IntN(3) == 0 {
			a.Until = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, m.r.IntN(30), 0)
		}
		err = m.st.AddAddress(ctx, v, contact, a)
	case 3:
		what = "address removed"
		contact = crm.ContactID(m.pick(`SELECT contact_id FROM contact_addresses ORDER BY contact_id`))
		err = m.st.RemoveAddress(ctx, v, contact, crm.Address(m.text(fmt.Sprintf(`SELECT a.address FROM addresses a JOIN contact_addresses u ON u.address_id = a.id WHERE u.contact_id = %d ORDER BY a.id`, contact))))
	case 4, 5:
		what = "merge"
		var id crm.MergeID
		if id, err = m.st.Merge(ctx, v, crm.CustomerID(m.pick(anyCustomer)), crm.CustomerID(m.pick(anyCustomer)), m.r.IntN(2) == 0); err == nil {
			m.merges = append(m.merges, id)
		}
	case 6:
		what = "unmerge"
		if len(m.merges) > 0 {
			err = m.st.Unmerge(ctx, v, m.merges[m.r.IntN(len(m.merges))])
		}
	case 7:
		what = "domain"
		if confirmed := m.text(`SELECT domain FROM organisation_domains ORDER BY domain`); confirmed != "" && m.r.IntN(2) == 0 {
			err = m.st.RemoveDomain(ctx, v, confirmed)
		} else {
			_, err = m.st.ConfirmOrganisation(ctx, v, m.text(`SELECT DISTINCT domain FROM addresses WHERE domain <> '' ORDER BY domain`), "")
		}
	case 8:
		what = "answer"
		if id := m.pick(`SELECT id FROM reviews WHERE state = 'open' ORDER BY id`); id != 0 {
			err = m.st.DecideReview(ctx, v, crm.ReviewID(id), m.r.IntN(2) == 0)
		}
	case 9, 10:
		what = "signature read"
		err = m.sign(5)
	case 11:
		what = "detail decided"
		var ps []crm.DetailProposal
		if ps, err = m.st.DetailProposals(ctx, v, 0, 50); err == nil && len(ps) > 0 {
			err = m.st.DecideDetail(ctx, v, ps[m.r.IntN(len(ps))].ID, m.r.IntN(3) > 0)
		}
	case 12:
		what = "phone removed"
		contact = crm.ContactID(m.pick(`SELECT contact_id FROM phones ORDER BY contact_id`))
		err = m.st.RemoveDetail(ctx, v, contact, crm.Detail{Kind: crm.DetailPhone, Value: m.text(fmt.Sprintf(`SELECT phone FROM phones WHERE contact_id = %d ORDER BY phone`, contact))})
	case 13:
		what = "private"
		message := m.pick(`SELECT message_id FROM signed_details ORDER BY id`)
		holder := crm.Viewer{Staff: crm.StaffID(m.pick(fmt.Sprintf(`SELECT b.staff_id FROM sightings g JOIN folders f ON f.id = g.folder_id JOIN mailboxes b ON b.id = f.mailbox_id WHERE g.message_id = %d ORDER BY b.id`, message)))}
		err = m.st.SetPrivate(ctx, holder, crm.MessageID(message), m.r.IntN(2) == 0)
	case 14, 15:
		what = "exclusion added"
		err = m.exclude(false)
	case 16:
		what = "exclusion removed"
		err = m.st.RemoveExclusion(ctx, v, crm.ExclusionID(m.pick(`SELECT id FROM exclusions ORDER BY id`)))
	}
	switch crm.KindOf(err) {
	case crm.KindInternal, crm.KindUnavailable:
		if err != nil {
			m.t.Fatalf("%s: %v", what, err)
		}
	}
	if err == nil {
		m.did = append(m.did, what)
	}
}

// sign has authors sign with phones of few, some of customers and some unknown.
func (m *meddler) sign(n int) error {
	const in = `SELECT id FROM messages WHERE direction = 'in' AND class = 'human' AND `
	var list []crm.Reading
	for i := range n {
		query := in + `id IN (SELECT message_id FROM links) ORDER BY id`
		if i%2 == 0 {
			query = in + `id NOT IN (SELECT message_id FROM links) ORDER BY id`
		}
		phone := crm.Detail{Kind: crm.DetailPhone, Value: fmt.Sprintf("+3584000000%02d", m.r.IntN(20))}
		list = append(list, crm.Reading{ID: crm.MessageID(m.pick(query)), Details: []crm.Detail{phone}})
	}
	return m.st.Enrich(context.Background(), list)
}

func (m *meddler) summary() string {
	count := map[string]int{}
	for _, d := range m.did {
		count[d]++
	}
	var out []string
	for _, d := range keys(count) {
		out = append(out, fmt.Sprintf("%s %d", d, count[d]))
	}
	return strings.Join(out, ", ")
}
