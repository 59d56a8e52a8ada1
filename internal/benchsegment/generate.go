package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

var storeOptions = store.Options{Key: bytes.Repeat([]byte{7}, store.KeySize)}

// generated gives the database, made when it is not there.
func generated(ctx context.Context, o options) (string, error) {
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, fmt.Sprintf("%d.db", o.customers))
	if _, err := os.Stat(path); err == nil || !errors.Is(err, os.ErrNotExist) {
		return path, err
	}
	begun := time.Now()
	fmt.Printf("making %d customers with %d orders in %s\n", o.customers, 10*o.customers, path)
	part := path + ".part"
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(part + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	s, err := store.Open(ctx, "sqlite://"+part, storeOptions) // for its schema
	if err != nil {
		return "", err
	}
	if err := s.Close(); err != nil {
		return "", err
	}
	if err := fill(ctx, part, o.customers); err != nil {
		return "", err
	}
	fmt.Printf("made in %.0f s\n", time.Since(begun).Seconds())
	return path, os.Rename(part, path)
}

// shop is a firm being made.
type shop struct {
	db   *sql.DB
	tx   *sql.Tx
	r    *rand.Rand
	n    int64 // customers
	rows map[string]*table
}

// table gathers rows of a table until a statement is full.
type table struct {
	head string
	cols int
	args []any
	full *sql.Stmt
}

// The first ids of each kind; ids of a kind follow one another.
const (
	contacts  = 1 << 27
	addresses = 1 << 28
	orders    = 1 << 29
	products  = 1 << 30
	others    = 1 << 31
)

const (
	productCount  = 2000
	groupCount    = 40
	rowsAtOnce    = 40
	daysOfHistory = 1000
)

// fill writes the rows without the indexes, which are then made from sorted rows,
// and without waiting for the disk: a file that was cut short is made anew.
func fill(ctx context.Context, path string, customers int) error {
	db, err := sql.Open("sqlite3", "file:"+path+"?_foreign_keys=0&_cache_size=-400000")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF`); err != nil {
		return err
	}
	indexes, err := dropIndexes(ctx, db)
	if err != nil {
		return err
	}
	p := &shop{db: db, r: rand.New(rand.NewPCG(1, 2)), n: int64(customers), rows: map[string]*table{}}
	if p.tx, err = db.BeginTx(ctx, nil); err != nil {
		return err
	}
	for _, f := range []func() error{p.things, p.people, p.orders, p.wishes, p.flush} {
		if err := f(); err != nil {
			return err
		}
	}
	if err := p.tx.Commit(); err != nil {
		return err
	}
	for _, text := range indexes {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
	return err
}

// dropIndexes drops what can be made again, and gives how.
func dropIndexes(ctx context.Context, db *sql.DB) (texts []string, err error) {
	rows, err := db.QueryContext(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		names, texts = append(names, name), append(texts, text)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, `DROP INDEX "`+name+`"`); err != nil {
			return nil, err
		}
	}
	return texts, rows.Err()
}

// put writes a row sooner or later.
func (p *shop) put(name, columns string, values ...any) error {
	t := p.rows[name]
	if t == nil {
		t = &table{head: "INSERT INTO " + name + " (" + columns + ") VALUES ", cols: len(values)}
		row := "(?" + strings.Repeat(", ?", t.cols-1) + ")"
		var err error
		if t.full, err = p.tx.Prepare(t.head + row + strings.Repeat(", "+row, rowsAtOnce-1)); err != nil {
			return err
		}
		p.rows[name] = t
	}
	if t.args = append(t.args, values...); len(t.args) < rowsAtOnce*t.cols {
		return nil
	}
	_, err := t.full.Exec(t.args...)
	t.args = t.args[:0]
	return err
}

// flush writes what waits.
func (p *shop) flush() error {
	for _, t := range p.rows {
		row := "(?" + strings.Repeat(", ?", t.cols-1) + ")"
		for ; len(t.args) > 0; t.args = t.args[t.cols:] {
			if _, err := p.tx.Exec(t.head+row, t.args[:t.cols]...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *shop) things() error {
	for i := range int64(groupCount) {
		name := fmt.Sprintf("group %d", i)
		if err := p.put("product_groups", "id, name, name_key", others+i, name, name); err != nil {
			return err
		}
	}
	for i := range int64(productCount) {
		name := fmt.Sprintf("product %d", i)
		if err := p.put("products", "id, sku, name, name_key, group_id", products+i, fmt.Sprintf("SKU-%d", i), name, name, others+i%groupCount); err != nil {
			return err
		}
	}
	return p.put("offers", "id, code", others+1000, "SPRING")
}

// micros gives the moment so many days before now.
func micros(days int, seconds int) int64 {
	return now.AddDate(0, 0, -days).Add(-time.Duration(seconds) * time.Second).UnixMicro()
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

var today = int64(crm.DayOf(now))

func (p *shop) people() error {
	r := p.r
	for i := range p.n {
		id, contact, address := 1+i, contacts+i, addresses+i
		name := fmt.Sprintf("person%d@home.example", i)
		write := func(table, columns string, values ...any) (err error) { return p.put(table, columns, values...) }
		if err := errors.Join(
			write("customers", "id, name, sort_key, language, last_us, created_us", id, name, name, pick(r, "fi", "fi", "sv", "en", ""), micros(r.IntN(daysOfHistory), 0), micros(daysOfHistory, 0)),
			write("contacts", "id, customer_id, name, origin, created_us", contact, id, name, "two-way mail", 1),
			write("addresses", "id, address, canonical, domain", address, name, name, ""),
			write("contact_addresses", "address_id, contact_id", address, contact),
		); err != nil {
			return err
		}
		if r.IntN(10) < 6 {
			if err := write("consents", "id, contact_id, address, topic, given, at_us, source, wording, proof", others+10_000+i, contact, name, "offers", r.IntN(10)/9^1, micros(r.IntN(900), 0), "form", "Yes, send me offers.", "10.0.0.1"); err != nil {
				return err
			}
		}
		if r.IntN(10) == 0 {
			if err := write("suppressions", "id, address, contact_id, reason, evidence, at_us", others+200_000_000+i, name, contact, "bounced", "550 5.1.1", micros(100, 0)); err != nil {
				return err
			}
		}
		if r.IntN(2) == 0 {
			if err := write("correspondence", "customer_id, wrote_us, written_us, began_us, open_us, open_id", id, micros(r.IntN(700), 0), micros(r.IntN(700), 0), 0, 0, 0); err != nil {
				return err
			}
		}
		if err := p.stands(id); err != nil {
			return err
		}
	}
	return nil
}

func (p *shop) stands(id int64) error {
	r := p.r
	rung := pick(r, "ONE-TIME", "ONE-TIME", "ONE-TIME", "QUIET", "QUIET", "OCCASIONAL", "OCCASIONAL", "FREQUENT", "LOYAL", "LAPSED")
	timing := pick(r, "ON TIME", "DUE", "OVERDUE", "LAPSED")
	last := today - int64(r.IntN(daysOfHistory))
	day := last - 100
	for range 2 {
		day += int64(r.IntN(50) + 1)
		if err := p.put("standings", "customer_id, day, rung, timing, note", id, day, pick(r, "ONE-TIME", "OCCASIONAL", rung), timing, ""); err != nil {
			return err
		}
	}
	return p.put("loyalty", "customer_id, rung, timing, note, since_day, events, filled, cycles, first_day, last_day, due_day, overdue_day, lapsed_day, p_alive, p_order, spent, value, points, enough, signs",
		id, rung, timing, "", day, 10, 3, 5, last-600, last, last+50+int64(r.IntN(100)), last+160, last+290, 500_000, 300_000, 500_0000, int64(r.IntN(400))*10_000, 0, 0, `{"Evidence":null,"Adjustment":0,"Points":0,"Index":0.5,"Enough":false}`)
}

// orders come day by day; ten to a customer, one in eight of them with lines of
// two products.
func (p *shop) orders() error {
	r := p.r
	total := 10 * p.n
	for i := range total {
		id := orders + i
		age := int((total - i) * daysOfHistory / total)
		net := int64(5+r.IntN(120)) * 10_000
		discount, offer, full := int64(0), r.IntN(10) == 0, int64(1)
		if r.IntN(3) == 0 {
			discount = net / 10
		}
		if offer || discount > 0 {
			full = 0
		}
		at := micros(age, r.IntN(86400))
		if err := p.put("orders", "id, source, number, customer_id, rule, evidence, buyer_number, buyer_name, buyer_address, buyer_key, buyer_phone, at_us, day, state, currency, total, discount, full_price, value, refunded, refunds, digest, changed_us",
			id, "shop", fmt.Sprint(100_000_000+i), 1+r.Int64N(p.n), "number", "", "", "", "", "", "", at, at/86_400_000_000, "placed", "EUR", net, discount, full, net, 0, "", []byte{1, 2, 3, 4, 5, 6, 7, 8}, at); err != nil {
			return err
		}
		for n := range 1 + r.IntN(8)/7 {
			if err := p.put("order_lines", "order_id, n, product_id, quantity, total, discount", id, n, products+r.Int64N(productCount), 1000, net, discount); err != nil {
				return err
			}
		}
		if offer {
			if err := p.put("order_offers", "order_id, offer_id", id, others+1000); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *shop) wishes() error {
	r := p.r
	for i := range p.n / 5 {
		id := others + 500_000_000 + i
		text := pick(r, "lake cruises in the summer", "larger mugs", "tea without caffeine", "size 42", "cruises to the archipelago", "earlier opening on Sundays")
		if err := p.put("wishes", "id, customer_id, quote, kind, state, at_us, changed_us", id, 1+r.Int64N(p.n), text, "wish", pick(r, "new", "considering", "done", "told"), micros(r.IntN(700), 0), 1); err != nil {
			return err
		}
		for _, w := range crm.Tokens(text) {
			if err := p.put("wish_words", "word, wish_id", w, id); err != nil {
				return err
			}
		}
	}
	return nil
}
