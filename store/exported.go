package store

import (
	"context"
	"database/sql"
	"math"
	"time"

	"kaveri/crm"
)

// Exported gives what leaves for an analyst's own programs, as its viewer may see
// it, all of one moment. Its lists are handed over row by row, since none of them
// is bounded; yield must not read from the store.
type Exported struct {
	x    *tx
	v    crm.Viewer
	firm crm.Firm
	zone *time.Location
}

// Export reads for f in one transaction, so that what it is given belongs
// together.
func (s *Store) Export(ctx context.Context, v crm.Viewer, f func(*Exported) error) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.view(ctx, func(x *tx) error {
		firm, err := x.savedFirm()
		if err != nil {
			return err
		}
		zone, err := time.LoadLocation(firm.TimeZone)
		if err != nil {
			return err
		}
		return f(&Exported{x, v, firm, zone})
	})
}

// Firm gives the settings of that moment.
func (e *Exported) Firm() crm.Firm { return e.firm }

// exportChunk is how many customers or orders are read at once.
const exportChunk = 1000

// between gives the time of the days from one up to another, which is not among
// them; 0 stands for no end. A day more on both sides: where a zone skips its
// midnight, its first moment is nobody's to say, and the day of each row is
// looked at anyway.
func (e *Exported) between(from, to crm.Day) (since, until int64) {
	since, until = math.MinInt64, math.MaxInt64
	if from != 0 {
		since = micros((from - 1).Time().Add(-24 * time.Hour))
	}
	if to != 0 {
		until = micros((to + 1).Time().Add(24 * time.Hour))
	}
	return since, until
}

// within reports whether a time is of these days, and of which one.
func (e *Exported) within(at time.Time, from, to crm.Day) (crm.Day, bool) {
	day := crm.DayOf(at.In(e.zone))
	return day, (from == 0 || day >= from) && (to == 0 || day < to)
}

// Colleagues gives everybody who works or has worked here.
func (e *Exported) Colleagues(yield func(*crm.Staff) error) error {
	rows, err := e.x.query(`SELECT id, name, disabled FROM staff ORDER BY id`)
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		var st crm.Staff
		var disabled int64
		if err := r.Scan(&st.ID, &st.Name, &disabled); err != nil {
			return err
		}
		st.Disabled = disabled != 0
		return yield(&st)
	})
}

// Products gives all that was ever sold.
func (e *Exported) Products(yield func(*crm.Product) error) error {
	rows, err := e.x.query(`SELECT p.id, p.sku, p.name, COALESCE(g.name, '') FROM products p LEFT JOIN product_groups g ON g.id = p.group_id ORDER BY p.id`)
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		var p crm.Product
		if err := r.Scan(&p.ID, &p.SKU, &p.Name, &p.Group); err != nil {
			return err
		}
		return yield(&p)
	})
}

// Customers gives all customers, by id.
func (e *Exported) Customers(yield func(*crm.ExportedCustomer) error) error {
	for last := int64(0); ; {
		rows, err := e.x.query(`SELECT c.id, c.name, CASE WHEN c.organisation_id IS NULL THEN 0 ELSE 1 END AS company, c.language, COALESCE(c.owner_id, 0), c.created_us,
(SELECT count(*) FROM contacts k WHERE k.customer_id = c.id AND k.merged_into = 0) FROM customers c WHERE c.id > $1 AND c.merged_into = 0 ORDER BY c.id LIMIT $2`, last, exportChunk)
		list, err := collect(rows, err, scanExportedCustomer)
		if err != nil || len(list) == 0 {
			return err
		}
		last = int64(list[len(list)-1].ID)
		if err := e.stand(list); err != nil {
			return err
		}
		for i := range list {
			if err := yield(&list[i]); err != nil {
				return err
			}
		}
	}
}

func scanExportedCustomer(r *sql.Rows, c *crm.ExportedCustomer) error {
	var company, created int64
	err := r.Scan(&c.ID, &c.Name, &company, &c.Language, &c.Owner, &created, &c.Contacts)
	c.Organisation, c.Created = company == 1, fromMicros(created)
	return err
}

// stand adds the newest standings.
func (e *Exported) stand(list []crm.ExportedCustomer) error {
	at := make(map[crm.CustomerID]*crm.ExportedCustomer, len(list))
	ids := make([]int64, len(list))
	for i := range list {
		at[list[i].ID], ids[i] = &list[i], int64(list[i].ID)
	}
	return each(e.x, `SELECT `+loyaltyColumns+` FROM loyalty l JOIN customers c ON c.id = l.customer_id WHERE l.customer_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var l crm.LoyaltyRow
		err := scanLoyalty(r, &l)
		at[l.Customer].Standing = &l
		return err
	})
}

// Standings gives where customers stood, from each day between from and to on
// which it changed, by day.
func (e *Exported) Standings(from, to crm.Day, yield func(*crm.ExportedStanding) error) error {
	if to == 0 {
		to = math.MaxInt32
	}
	rows, err := e.x.query(`SELECT t.customer_id, t.day, t.rung, t.timing, t.note, COALESCE((SELECT min(u.day) FROM standings u WHERE u.customer_id = t.customer_id AND u.day > t.day), 0)
FROM standings t JOIN customers c ON c.id = t.customer_id WHERE t.day >= $1 AND t.day < $2 AND c.merged_into = 0 ORDER BY t.day, t.customer_id`, int64(from), int64(to))
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		var st crm.ExportedStanding
		if err := r.Scan(&st.Customer, &st.Day, &st.Rung, &st.Timing, &st.Note, &st.Until); err != nil {
			return err
		}
		return yield(&st)
	})
}

// Orders gives the orders of the days between from and to, the oldest first.
func (e *Exported) Orders(from, to crm.Day, yield func(*crm.ExportedOrder) error) error {
	rates, err := e.x.rates()
	if err != nil {
		return err
	}
	since, until := e.between(from, to)
	for at, id := since, int64(0); ; {
		rows, err := e.x.query(`SELECT o.id, o.source, o.number, COALESCE(o.customer_id, 0), o.at_us, o.day, o.state, o.currency, o.total, o.discount, o.value, o.refunds
FROM orders o WHERE (o.at_us, o.id) > ($1, $2) AND o.at_us < $3 ORDER BY o.at_us, o.id LIMIT $4`, at, id, until, exportChunk)
		list, err := collect(rows, err, scanExportedOrder)
		if err != nil || len(list) == 0 {
			return err
		}
		at, id = micros(list[len(list)-1].At), int64(list[len(list)-1].ID)
		if err := e.fill(list); err != nil {
			return err
		}
		for i := range list {
			o := &list[i]
			if o.Day < from || to != 0 && o.Day >= to {
				continue
			}
			if o.Rate = crm.SameRate; o.Currency != e.firm.Currency {
				o.Rate, _ = rateAt(rates[o.Currency], int64(o.Day)) // there was one when it came
			}
			if err := yield(o); err != nil {
				return err
			}
		}
	}
}

func scanExportedOrder(r *sql.Rows, o *crm.ExportedOrder) error {
	var at int64
	err := r.Scan(&o.ID, &o.Source, &o.Number, &o.Customer, &at, &o.Day, &o.State, &o.Currency, &o.Total, &o.Discount, &o.Value, &o.Refunds)
	o.At = time.UnixMicro(at).UTC()
	return err
}

// fill adds lines and offers.
func (e *Exported) fill(list []crm.ExportedOrder) error {
	at := make(map[int64]*crm.ExportedOrder, len(list))
	ids := make([]int64, len(list))
	for i := range list {
		ids[i] = int64(list[i].ID)
		at[ids[i]] = &list[i]
	}
	if err := each(e.x, `SELECT order_id, n, product_id, quantity, total, discount FROM order_lines WHERE order_id IN (IN) ORDER BY order_id, n`, nil, ids, func(r *sql.Rows) error {
		var order int64
		var l crm.ExportedOrderLine
		err := r.Scan(&order, &l.N, &l.Product, &l.Quantity, &l.Total, &l.Discount)
		at[order].Lines = append(at[order].Lines, l)
		return err
	}); err != nil {
		return err
	}
	return each(e.x, `SELECT u.order_id, f.code FROM order_offers u JOIN offers f ON f.id = u.offer_id WHERE u.order_id IN (IN) ORDER BY u.order_id, f.id`, nil, ids, func(r *sql.Rows) error {
		var order int64
		var code string
		err := r.Scan(&order, &code)
		at[order].Offers = append(at[order].Offers, code)
		return err
	})
}

// exportedMails selects mails that the viewer may see, with what each was an
// answer to: the first mail of the other side after the last one of its own. A
// private mail tells nothing of another one.
const exportedMails = `SELECT m.id, COALESCE(c.customer_id, 0), m.conversation_id, m.at_us, m.direction, m.class, m.private, m.attachments, m.size, m.language,
COALESCE((SELECT s.folder_id FROM sightings s WHERE s.message_id = m.id ORDER BY s.seen_us, s.folder_id, s.uid LIMIT 1), 0),
CASE WHEN m.direction = 'in' THEN '' ELSE COALESCE((SELECT a.address FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.message_id = m.id AND p.role = 'from' ORDER BY p.n LIMIT 1), '') END,
CASE WHEN m.class = 'human' AND m.private = 0 AND m.direction <> 'internal' THEN
  (SELECT min(q.at_us) FROM messages q WHERE q.conversation_id = m.conversation_id AND (q.at_us, q.id) < (m.at_us, m.id) AND q.class = 'human' AND q.private = 0 AND q.direction <> m.direction AND q.direction <> 'internal'
   AND q.at_us > COALESCE((SELECT o.at_us FROM messages o WHERE o.conversation_id = m.conversation_id AND (o.at_us, o.id) < (m.at_us, m.id) AND o.class = 'human' AND o.private = 0 AND o.direction = m.direction ORDER BY o.at_us DESC, o.id DESC LIMIT 1), 0))
END AS waited
FROM messages m LEFT JOIN links l ON l.message_id = m.id LEFT JOIN contacts c ON c.id = l.contact_id WHERE m.at_us >= $1 AND m.at_us < $2 AND `

// Mails gives the mails of the days between from and to that the viewer may see,
// the oldest first, each once for each customer whom it belongs to.
func (e *Exported) Mails(from, to crm.Day, yield func(*crm.ExportedMail) error) error {
	owners, writers, err := e.holders()
	if err != nil {
		return err
	}
	since, until := e.between(from, to)
	condition, args := visible(e.v, []any{since, until})
	rows, err := e.x.query(exportedMails+condition+` ORDER BY m.at_us, m.id, l.confidence DESC, 2`, args...)
	if err != nil {
		return err
	}
	var last crm.MessageID
	var told []crm.CustomerID // of the last one
	return scanAll(rows, func(r *sql.Rows) error {
		var m crm.ExportedMail
		if err := scanExportedMail(r, &m, owners, writers); err != nil {
			return err
		}
		if m.First = m.ID != last; m.First {
			last, told = m.ID, told[:0]
		}
		for _, c := range told { // linked to two contacts of one customer
			if c == m.Customer {
				return nil
			}
		}
		told = append(told, m.Customer)
		if _, ok := e.within(m.At, from, to); !ok {
			return nil
		}
		return yield(&m)
	})
}

func scanExportedMail(r *sql.Rows, m *crm.ExportedMail, owners map[int64]crm.StaffID, writers map[crm.Address]crm.StaffID) error {
	var at, private, folder int64
	var from crm.Address
	var waited sql.NullInt64
	if err := r.Scan(&m.ID, &m.Customer, &m.Conversation, &at, &m.Direction, &m.Class, &private, &m.Attachments, &m.Size, &m.Language, &folder, &from, &waited); err != nil {
		return err
	}
	if m.Colleague = writers[from]; m.Colleague == 0 { // of mail that came in, from is ""
		m.Colleague = owners[folder]
	}
	m.At, m.Private = fromMicros(at), private == 1
	if waited.Valid {
		d := time.Duration(at-waited.Int64) * time.Microsecond
		m.Answered = &d
	}
	return nil
}

// holders gives whose a folder is, and whose an address.
func (e *Exported) holders() (owners map[int64]crm.StaffID, writers map[crm.Address]crm.StaffID, err error) {
	owners, writers = map[int64]crm.StaffID{}, map[crm.Address]crm.StaffID{}
	rows, err := e.x.query(`SELECT f.id, b.staff_id, b.address FROM folders f JOIN mailboxes b ON b.id = f.mailbox_id ORDER BY f.id`)
	if err == nil {
		err = scanAll(rows, func(r *sql.Rows) error {
			var folder int64
			var staff crm.StaffID
			var a crm.Address
			err := r.Scan(&folder, &staff, &a)
			owners[folder], writers[a] = staff, staff
			return err
		})
	}
	if err == nil {
		rows, err = e.x.query(`SELECT id, address FROM staff ORDER BY id`)
	}
	if err != nil {
		return nil, nil, err
	}
	return owners, writers, scanAll(rows, func(r *sql.Rows) error {
		var staff crm.StaffID
		var a crm.Address
		err := r.Scan(&staff, &a)
		writers[a] = staff
		return err
	})
}

// begins is when a mailing m starts; one that nobody has started yet, when it was made.
const begins = `CASE WHEN m.start_us > 0 THEN m.start_us ELSE m.created_us END`

// Deliveries gives the mails of the mailings to many that start on the days
// between from and to. What colleagues write to one customer is a mail like any
// other.
func (e *Exported) Deliveries(from, to crm.Day, yield func(*crm.ExportedDelivery) error) error {
	since, until := e.between(from, to)
	condition, args := mailingVisible(e.v, []any{since, until, string(crm.MailingDirect)})
	rows, err := e.x.query(`SELECT m.id, m.name, m.kind, m.topic, `+begins+` FROM mailings m WHERE `+begins+` >= $1 AND `+begins+` < $2 AND m.kind <> $3 AND `+condition+` ORDER BY `+begins+`, m.id`, args...)
	mailings, err := collect(rows, err, func(r *sql.Rows, d *crm.ExportedDelivery) error {
		var start int64
		err := r.Scan(&d.Mailing, &d.Name, &d.Kind, &d.Topic, &start)
		d.Start = fromMicros(start)
		return err
	})
	for i := range mailings {
		if _, ok := e.within(mailings[i].Start, from, to); ok && err == nil {
			err = e.deliveriesOf(mailings[i], yield)
		}
	}
	return err
}

// exportedEvents are when things first happened to a dispatch d, in the order of
// the fields of an exported delivery.
var exportedEvents = func() (columns string) {
	for _, kind := range []crm.DispatchEventKind{crm.EventBounced, crm.EventComplained, crm.EventAnswered, crm.EventClicked, crm.EventOpened, crm.EventUnsubscribed} {
		columns += `, COALESCE((SELECT min(v.at_us) FROM dispatch_events v WHERE v.dispatch_id = d.id AND v.kind = ` + `'` + string(kind) + `'` + ` AND v.machine = 0
AND NOT EXISTS (SELECT 1 FROM messages t WHERE t.id = v.message_id AND t.private = 1)), 0)`
	}
	return columns
}()

func (e *Exported) deliveriesOf(m crm.ExportedDelivery, yield func(*crm.ExportedDelivery) error) error {
	rows, err := e.x.query(`SELECT d.id, COALESCE(c.customer_id, 0), d.state, d.changed_us, d.tries,
COALESCE((SELECT min(a.at_us) FROM attempts a WHERE a.dispatch_id = d.id AND a.state = 'sent'), 0)`+exportedEvents+`
FROM dispatches d JOIN recipients r ON r.dispatch_id = d.id LEFT JOIN contacts c ON c.id = r.contact_id WHERE d.mailing_id = $1 ORDER BY d.id`, int64(m.Mailing))
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		d := m
		var changed int64
		var at [7]int64
		if err := r.Scan(&d.ID, &d.Customer, &d.State, &changed, &d.Tries, &at[0], &at[1], &at[2], &at[3], &at[4], &at[5], &at[6]); err != nil {
			return err
		}
		d.Changed = fromMicros(changed)
		for i, to := range []*time.Time{&d.Sent, &d.Bounced, &d.Complained, &d.Answered, &d.Clicked, &d.Opened, &d.Unsubscribed} {
			*to = fromMicros(at[i])
		}
		return yield(&d)
	})
}
