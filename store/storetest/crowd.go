package storetest

import (
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsegment"
	"kaveri/store"
)

// This file makes customers of whom much is known, as rows of the database.

// crowdNow is when segments are asked: shortly after midnight in Helsinki, the
// day before in UTC.
var crowdNow = time.Date(2026, 6, 14, 21, 20, 0, 0, time.UTC)

// crowd is a world with rows of its own.
type crowd struct {
	*world
	db   *sql.DB
	rows *sql.Tx // in which rows are written
	bind func(string) string
	r    *rand.Rand
	zone *time.Location
	next int64
}

func newCrowd(t *testing.T, s *store.Store, dsn string) *crowd {
	c := &crowd{world: newWorld(t, s), r: rand.New(rand.NewPCG(3, 7)), next: 1 << 30}
	c.db, c.bind = rawDB(t, dsn)
	var err error
	c.zone, err = time.LoadLocation("Europe/Helsinki")
	c.check(err)
	return c
}

// rawDB opens a database beside the store; statements are in PostgreSQL's spelling.
func rawDB(t testing.TB, dsn string) (*sql.DB, func(string) string) {
	t.Helper()
	driver, address, bind := "pgx", dsn, func(q string) string { return q }
	if path, ok := strings.CutPrefix(dsn, "sqlite://"); ok {
		driver, address = "sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_busy_timeout=10000&_foreign_keys=1"
		bind = func(q string) string { return strings.ReplaceAll(q, "$", "?") }
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, bind
}

// row writes a row of a table, its columns in order of their names.
func (c *crowd) row(table string, values map[string]any) {
	c.Helper()
	names := slices.Sorted(maps.Keys(values))
	var holders []string
	var args []any
	for i, n := range names {
		holders = append(holders, fmt.Sprint("$", i+1))
		args = append(args, values[n])
	}
	if _, err := c.rows.Exec(c.bind("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(holders, ", ")+")"), args...); err != nil {
		c.Fatalf("%s %v: %v", table, values, err)
	}
}

// written runs f, whose rows are written together.
func (c *crowd) written(f func()) {
	c.Helper()
	var err error
	c.rows, err = c.db.BeginTx(c.ctx, nil)
	c.check(err)
	f()
	c.check(c.rows.Commit())
}

func (c *crowd) id() int64 { c.next++; return c.next }

// some reports true n times of ten.
func (c *crowd) some(n int) bool { return c.r.IntN(10) < n }

func one[T any](c *crowd, of ...T) T { return of[c.r.IntN(len(of))] }

// us gives a moment of the past year and a half, often at the very beginning or
// end of a day.
func (c *crowd) us() int64 {
	back := one(c, c.r.IntN(14), c.r.IntN(100), c.r.IntN(500))
	y, m, d := crowdNow.In(c.zone).Date()
	at := time.Date(y, m, d-back, 0, 0, 0, 0, c.zone)
	at = at.Add(one(c, 0, 0, -time.Microsecond, time.Duration(c.r.IntN(86400))*time.Second))
	return min(at.UnixMicro(), crowdNow.UnixMicro()+3600_000_000)
}

// maybe gives a moment, or 0 for never.
func (c *crowd) maybe() int64 {
	if c.some(3) {
		return 0
	}
	return c.us()
}

func (c *crowd) day(ahead int) int64 {
	return int64(crm.DayOf(crowdNow)) + int64(c.r.IntN(60+ahead)) - 60
}

// things are what customers have to do with.
type things struct {
	products, groups, offers, campaigns []int64
	staff                               []int64
	tags                                []string
	public, private                     int64 // mails
}

func (c *crowd) things() (all things) {
	for i, name := range testsegment.Names {
		if key, shown, err := crm.ParseTag(name); err == nil {
			c.row("tags", map[string]any{"tag": key, "name": shown})
			all.tags = append(all.tags, key)
		}
		group, product, offer, campaign := c.id(), c.id(), c.id(), c.id()
		c.row("product_groups", map[string]any{"id": group, "name": name, "name_key": crm.NameKey(name)})
		all.groups = append(all.groups, group)
		c.row("products", map[string]any{"id": product, "sku": fmt.Sprint("P-", i), "name": strings.ToUpper(name), "name_key": crm.NameKey(name), "group_id": one[any](c, all.groups[c.r.IntN(len(all.groups))], nil)})
		all.products = append(all.products, product)
		c.row("offers", map[string]any{"id": offer, "code": one(c, name, strings.ToUpper(name))})
		all.offers = append(all.offers, offer)
		c.row("campaigns", map[string]any{"id": campaign, "name": name, "name_key": crm.NameKey(name), "state": "running", "version": 1, "created_us": 1, "changed_us": 1})
		all.campaigns = append(all.campaigns, campaign)
	}
	c.row("products", map[string]any{"id": c.id(), "sku": testsegment.Names[0], "name": "Something else", "name_key": "something else", "group_id": nil})
	all.products = append(all.products, c.next)
	all.staff = []int64{int64(c.anna.Staff), int64(c.pekka.Staff), int64(c.ritva.Staff)}
	all.public, all.private = c.mail(0), c.mail(1)
	return all
}

func (c *crowd) mail(private int) int64 {
	conversation, id := c.id(), c.id()
	c.row("conversations", map[string]any{"id": conversation, "created_us": 1})
	c.row("messages", map[string]any{"id": id, "content": []byte(fmt.Sprint(id)), "conversation_id": conversation, "message_id": fmt.Sprint(id), "at_us": 1, "sent_us": 1,
		"direction": "in", "class": "human", "subject": "", "preview": "", "attachments": 0, "size": 1, "private": private, "details": "{}", "body": []byte("x")})
	return id
}

// person makes a customer of whom much may be known, or little.
func (c *crowd) person(all *things) crm.CustomerID {
	id := c.id()
	name := one(c, append([]string{"Dora"}, testsegment.Names...)...)
	var organisation, owner any
	if c.some(4) {
		organisation = c.id()
		c.row("organisations", map[string]any{"id": organisation, "name": name, "confirmed_us": 1})
	}
	if c.some(5) {
		owner = one(c, all.staff...)
	}
	c.row("customers", map[string]any{"id": id, "name": name, "sort_key": crm.SortKey(name), "organisation_id": organisation, "owner_id": owner, "language": one(c, "", "fi", "en", "sv"), "created_us": c.us()})
	c.stands(id)
	for range c.r.IntN(5) {
		c.ordered(id, all)
	}
	if c.some(7) {
		c.row("correspondence", map[string]any{"customer_id": id, "wrote_us": c.maybe(), "written_us": c.maybe(), "began_us": c.maybe(), "open_us": c.maybe(), "open_id": 0})
	}
	for range c.r.IntN(3) {
		c.wished(id, all)
	}
	for _, tag := range all.tags {
		if c.some(2) {
			c.row("customer_tags", map[string]any{"customer_id": id, "tag": tag, "at_us": 1})
		}
	}
	contact := c.human(id)
	if c.some(3) {
		contact = c.human(id)
	}
	for _, campaign := range all.campaigns {
		if c.some(3) {
			c.mailed(id, contact, campaign)
		}
	}
	if c.some(3) {
		c.row("recommendations", map[string]any{"contact_id": c.human(id), "by_id": contact, "at_us": c.us()})
	}
	return crm.CustomerID(id)
}

func (c *crowd) stands(id int64) {
	rungs, notes := crm.Rungs, []crm.RungNote{crm.NoteNone, crm.NoteUnproven, crm.NoteBound, crm.NoteWellWisher, crm.NoteWas(crm.RungLoyal), crm.NoteWas(crm.RungOccasional)}
	timings := append([]crm.Timing{""}, crm.Timings...)
	days := map[int64]bool{}
	for range c.r.IntN(4) {
		day := c.day(1)
		if days[day] {
			continue
		}
		days[day] = true
		c.row("standings", map[string]any{"customer_id": id, "day": day, "rung": string(one(c, rungs...)), "timing": string(one(c, timings...)), "note": string(one(c, notes...))})
	}
	if c.some(8) {
		due := func() int64 { return one(c, 0, c.day(60)) }
		c.row("loyalty", map[string]any{"customer_id": id, "rung": string(one(c, rungs...)), "timing": string(one(c, timings...)), "note": string(one(c, notes...)), "since_day": c.day(1), "events": 1, "filled": 0, "cycles": 0,
			"first_day": 0, "last_day": 0, "due_day": due(), "overdue_day": due(), "lapsed_day": due(), "p_alive": 0, "p_order": 0, "spent": 0, "value": one(c, 0, 5_0000, 60_0000, 60_0001), "points": 0, "enough": 0, "signs": "{}"})
	}
}

func (c *crowd) ordered(id int64, all *things) {
	order := c.id()
	net := one[int64](c, 5_0000, 10_0000, 25_0000, 60_0000)
	c.row("orders", map[string]any{"id": order, "source": "shop", "number": fmt.Sprint(order), "customer_id": id, "rule": "", "evidence": "", "buyer_number": "", "buyer_name": "", "buyer_address": "", "buyer_key": "", "buyer_phone": "",
		"at_us": c.us() + one[int64](c, 0, 0, 0, 40*3600_000_000), "day": 0, "state": one(c, "placed", "placed", "placed", "cancelled"), "currency": "EUR", "total": net, "discount": 0, "full_price": c.r.IntN(2), "value": net,
		"refunded": one(c, 0, 0, 0, -net, -1_0000), "refunds": "", "digest": []byte("x"), "changed_us": 1})
	for n := range c.r.IntN(3) {
		c.row("order_lines", map[string]any{"order_id": order, "n": n, "product_id": one(c, all.products...), "quantity": 1000, "total": one(c, 5_0000, 5_0000, 0), "discount": 0})
	}
	if c.some(3) {
		c.row("order_offers", map[string]any{"order_id": order, "offer_id": one(c, all.offers...)})
	}
}

func (c *crowd) wished(id int64, all *things) {
	wish := c.id()
	state := one(c, append([]crm.WishState{crm.WishTold, crm.WishDone}, crm.WishStates...)...)
	text := one(c, testsegment.Names...) + " " + one(c, "please", "Cruises", "offering")
	c.row("wishes", map[string]any{"id": wish, "customer_id": id, "message_id": nil, "quote": text, "kind": string(one(c, append([]crm.WishKind{crm.WishWish, crm.WishWish}, crm.WishKinds...)...)), "state": string(state), "at_us": c.us(), "changed_us": 1, "done_us": c.maybe()})
	if c.some(4) { // said in a mail; each place of one is said once
		c.row("wishes", map[string]any{"id": c.id(), "customer_id": id, "message_id": one(c, all.public, all.private), "place": wish, "quote": text, "kind": "wish", "state": string(state), "at_us": c.us(), "changed_us": 1, "done_us": c.maybe()})
		c.words(c.next, text)
	}
	c.words(wish, text)
	for n := range c.r.IntN(3) {
		c.row("wish_steps", map[string]any{"wish_id": wish, "n": n, "state": string(one(c, crm.WishTold, crm.WishDone)), "reason": "", "at_us": c.us()})
	}
}

func (c *crowd) words(wish int64, text string) {
	words := crm.Tokens(text)
	slices.Sort(words)
	for _, w := range slices.Compact(words) {
		c.row("wish_words", map[string]any{"word": w, "wish_id": wish})
	}
}

// human makes a contact, with addresses of now and of then.
func (c *crowd) human(customer int64) int64 {
	id := c.id()
	c.row("contacts", map[string]any{"id": id, "customer_id": customer, "name": "Dora", "origin": "", "merged_into": one[int64](c, 0, 0, 0, 1), "created_us": 1})
	for range c.r.IntN(3) {
		address := c.id()
		name := fmt.Sprintf("a%d@home.example", address)
		c.row("addresses", map[string]any{"id": address, "address": name, "canonical": name, "domain": ""})
		c.row("contact_addresses", map[string]any{"address_id": address, "contact_id": id, "from_us": one(c, 0, 0, c.us()), "until_us": one(c, 0, 0, c.us(), crowdNow.UnixMicro()+1)})
		for range c.r.IntN(5) {
			c.row("consents", map[string]any{"id": c.id(), "address": name, "topic": one(c, "", "summer offers", "summer offers", "SPRING"), "given": c.r.IntN(2), "at_us": one(c, 5, c.us()), "source": one(c, "form", crm.ConsentImport, "colleague"), "wording": "", "proof": ""})
		}
		if c.some(4) {
			c.row("suppressions", map[string]any{"id": c.id(), "address": name, "reason": one(c, "unsubscribed", "bounced"), "topic": one(c, "", "", "summer offers"), "evidence": "", "at_us": 1, "lifted_us": one(c, 0, 0, 7)})
		}
	}
	return id
}

// mailed puts a customer into a campaign.
func (c *crowd) mailed(customer, contact, campaign int64) {
	c.row("members", map[string]any{"campaign_id": campaign, "customer_id": customer, "round": 1, "contact_id": contact, "address": "", "arm": one(c, "treated", "treated", "held-out", "left-out"), "version": 1, "rung": "", "timing": "", "before": 0,
		"state": "waiting", "step": "", "due_us": 0, "reason": "", "why": "{}", "entered_us": c.us(), "exposed_us": c.maybe()})
	mailing, dispatch := c.id(), c.id()
	c.row("mailings", map[string]any{"id": mailing, "kind": "campaign", "name": "", "from_address": "", "subject": "", "body_text": "", "body_html": "", "doubt": "hold", "state": "running", "start_us": 1, "patience_us": 1, "created_us": 1})
	c.row("dispatches", map[string]any{"id": dispatch, "mailing_id": mailing, "state": one(c, "sent", "sent", "suppressed"), "due_us": 1, "changed_us": 1})
	c.row("touches", map[string]any{"id": c.id(), "campaign_id": campaign, "customer_id": customer, "round": 1, "step": "", "version": 1, "kind": one(c, "sent", "sent", "would-send"), "reason": "", "dispatch_id": one[any](c, dispatch, dispatch, nil), "at_us": c.us()})
	if c.some(4) {
		c.row("dispatch_events", map[string]any{"id": c.id(), "dispatch_id": dispatch, "kind": one(c, string(crm.EventAnswered), "opened"), "mark": "", "evidence": "", "at_us": c.us()})
	}
}
