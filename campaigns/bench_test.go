package campaigns_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/store"
)

// BenchmarkFreeze freezes the audience of a segment that holds three of ten
// customers, of as many as KAVERI_CUSTOMERS says, 20,000 without it, with three
// orders each; and then takes them through the first step, up to the ledger.
func BenchmarkFreeze(b *testing.B) {
	n := 20_000
	if s := os.Getenv("KAVERI_CUSTOMERS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	path := filepath.Join(b.TempDir(), "kaveri.db")
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	open := func() *store.Store {
		s, err := store.Open(b.Context(), "sqlite://"+path, store.Options{Key: make([]byte, store.KeySize), Now: func() time.Time { return now }})
		if err != nil {
			b.Fatal(err)
		}
		return s
	}
	s := open()
	if err := s.SaveFirm(b.Context(), crm.SystemViewer, crm.Firm{Name: "Oy", Domains: []string{"oy.example"}, TimeZone: "Europe/Helsinki"}); err != nil {
		b.Fatal(err)
	}
	s.Close()
	fill(b, path, n, now)
	s = open()
	defer s.Close()
	renderer, err := campaigns.NewRenderer(campaigns.RendererOptions{Keys: s.Keyring(), PublicURL: "https://posti.oy.example"})
	if err != nil {
		b.Fatal(err)
	}
	r := campaigns.NewRunner(campaigns.RunnerOptions{Store: s, Segments: s, Edits: s, Now: func() time.Time { return now }, Lease: time.Hour, Renderer: func(context.Context) (*campaigns.Renderer, error) { return renderer, nil }})
	plan := (&firm{}).plan()
	plan.Whom.Rule, plan.Proof.Holdout = "rung is one-time and timing is due", .2
	round := 0
	for b.Loop() {
		round++
		c, err := s.SaveCampaign(b.Context(), crm.SystemViewer, crm.Campaign{Name: fmt.Sprint("bench ", round), Plan: plan})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		f, err := r.Freeze(b.Context(), c.ID)
		if err != nil || f.Treated+f.HeldOut != n*3/10 {
			b.Fatalf("%+v, %v", f, err)
		}
		frozen := time.Now()
		if _, err := r.Launch(b.Context(), crm.SystemViewer, c.ID, campaigns.LaunchOptions{}); err != nil {
			b.Fatal(err)
		}
		rendered := time.Now()
		if _, err := r.Turn(b.Context()); err != nil {
			b.Fatal(err)
		}
		members := float64(n * 3 / 10)
		b.ReportMetric(frozen.Sub(began).Seconds(), "freeze-s")
		b.ReportMetric(members/frozen.Sub(began).Seconds(), "frozen/s")
		b.ReportMetric(members/rendered.Sub(frozen).Seconds(), "rendered/s")
		b.ReportMetric(members/time.Since(rendered).Seconds(), "stepped/s")
	}
}

// fill writes customers into a database that is closed: by the store's own door it
// would take hours.
func fill(b *testing.B, path string, n int, now time.Time) {
	db, err := sql.Open("sqlite3", path+"?_synchronous=OFF")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	t, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	run := func(query string) *sql.Stmt {
		st, err := t.Prepare(query)
		if err != nil {
			b.Fatal(err)
		}
		return st
	}
	customer := run(`INSERT INTO customers (id, name, sort_key, created_us, language) VALUES (?1, ?2, ?2, 0, 'en')`)
	contact := run(`INSERT INTO contacts (id, customer_id, name, origin, created_us) VALUES (?1, ?2, ?3, 'import', 0)`)
	address := run(`INSERT INTO addresses (id, address, canonical, domain) VALUES (?1, ?2, ?2, '')`)
	uses := run(`INSERT INTO contact_addresses (address_id, contact_id) VALUES (?1, ?2)`)
	consent := run(`INSERT INTO consents (id, contact_id, address, topic, given, at_us, source, wording, proof) VALUES (?1, ?2, ?3, 'news', 1, 0, 'form', '', '')`)
	ladder := run(`INSERT INTO loyalty (customer_id, rung, timing, note, since_day, events, filled, cycles, first_day, last_day, due_day, overdue_day, lapsed_day, p_alive, p_order, spent, value, points, enough, signs)
VALUES (?1, ?2, 'DUE', '', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}')`)
	order := run(`INSERT INTO orders (id, source, number, customer_id, contact_id, rule, evidence, buyer_number, buyer_name, buyer_address, buyer_key, buyer_phone, at_us, day, state, currency, total, discount, value, refunds, digest, changed_us)
VALUES (?1, 'shop', ?1, ?2, ?3, '', '', '', '', '', '', '', ?4, 0, 'placed', 'EUR', 500000, 0, 500000, '', '', 0)`)
	id := int64(100_000)
	for i := range n {
		rung := crm.RungOccasional
		if i%10 < 3 {
			rung = crm.RungOneTime
		}
		c, mail := id, fmt.Sprintf("c%d@posti.example", i)
		must := func(_ sql.Result, err error) {
			if err != nil {
				b.Fatal(err)
			}
		}
		must(customer.Exec(c, fmt.Sprintf("Customer %d", i)))
		must(contact.Exec(c+1, c, fmt.Sprintf("Customer %d", i)))
		must(address.Exec(c+2, mail))
		must(uses.Exec(c+2, c+1))
		must(consent.Exec(c+3, c+1, mail))
		must(ladder.Exec(c, string(rung)))
		for k := range int64(3) {
			must(order.Exec(c+4+k, c, c+1, now.AddDate(0, 0, -int(10+40*k)).UnixMicro()))
		}
		id += 8
	}
	if _, err := t.Exec(`UPDATE id_blocks SET next = ?1`, id); err != nil {
		b.Fatal(err)
	}
	if err := t.Commit(); err != nil {
		b.Fatal(err)
	}
}
