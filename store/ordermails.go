package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// OrderMails gives mails of the firm's relays that were not looked at for orders
// yet, oldest first, some of them. Only those that are trusted have their bytes:
// the firm's own server has verified where they come from, or a colleague's Sent
// folder holds them. A forged mail must not make an order.
func (s *Store) OrderMails(ctx context.Context, limit int) (out []crm.OrderMail, err error) {
	err = s.view(ctx, func(x *tx) error {
		firm, err := x.savedFirm()
		if err != nil || len(firm.Relays) == 0 {
			return err
		}
		var ids []int64
		for _, a := range firm.Relays {
			of, err := column[int64](x, `SELECT p.message_id FROM addresses a JOIN participants p ON p.address_id = a.id AND p.role = 'from'
WHERE a.address = $1 AND NOT EXISTS (SELECT 1 FROM order_mails o WHERE o.message_id = p.message_id) ORDER BY p.message_id LIMIT $2`, string(a), limit)
			if err != nil {
				return err
			}
			ids = append(ids, of...)
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		for _, id := range ids[:min(len(ids), limit)] {
			m, err := x.orderMail(&firm, id)
			if err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	for i := range out {
		if m := &out[i]; err == nil && m.Trusted {
			if m.Raw, err = s.frame(ctx, m.Raw); err == nil {
				m.Raw, err = unpack(m.Raw)
			}
		}
	}
	return out, err
}

// orderMail reads one mail, its bytes as they are stored.
func (x *tx) orderMail(firm *crm.Firm, id int64) (m crm.OrderMail, err error) {
	var at int64
	var j string
	if err := x.row(`SELECT id, at_us, details FROM messages WHERE id = $1`, id).Scan(&m.ID, &at, &j); err != nil {
		return m, err
	}
	m.At = fromMicros(at)
	var d details
	if err := json.Unmarshal([]byte(j), &d); err != nil {
		return m, err
	}
	if m.Trusted, _ = firm.Verified(d.Auth); !m.Trusted {
		sent, err := column[int64](x, `SELECT 1 FROM sightings s JOIN folders f ON f.id = s.folder_id WHERE s.message_id = $1 AND f.special_use = 'sent' LIMIT 1`, id)
		if err != nil {
			return m, err
		}
		m.Trusted = len(sent) > 0
	}
	rows, err := x.query(`SELECT p.role, p.name, a.address FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.message_id = $1 ORDER BY p.n`, id)
	if err != nil {
		return m, err
	}
	authors := 0
	if err := scanAll(rows, func(r *sql.Rows) error {
		var role string
		var p crm.Party
		err := r.Scan(&role, &p.Name, &p.Address)
		switch role {
		case "from":
			authors++
			m.Author = p.Address
		case "to":
			m.To = append(m.To, p)
		}
		return err
	}); err != nil {
		return m, err
	}
	m.Trusted = m.Trusted && authors == 1 // DMARC speaks of one author
	if !m.Trusted {
		return m, nil
	}
	return m, x.row(`SELECT zstd FROM raws WHERE message_id = $1 ORDER BY id DESC LIMIT 1`, id).Scan(&m.Raw)
}

// mailLag is how far apart an order and the mail about it may be dated.
const mailLag = 3 * 24 * time.Hour

// TakeOrderMail notes that a mail was looked at, and keeps the orders that it
// carries, in one transaction. A shop writes several mails about one order: the
// first that tells of it counts, and one that calls it off. An order that came by
// another way is not taken again.
func (s *Store) TakeOrderMail(ctx context.Context, id crm.MessageID, list []crm.Order) error {
	err := s.write(ctx, func(x *tx) error {
		if err := x.exec(`INSERT INTO order_mails (message_id, orders) VALUES ($1, $2) ON CONFLICT DO NOTHING`, int64(id), len(list)); err != nil {
			return err
		}
		for _, o := range list {
			if err := x.takeMailed(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(list) == 0 {
		return err
	}
	return s.decideStale(ctx)
}

// takeMailed keeps an order that a mail tells of. What is wrong with it is a fault
// of the mail's, which nobody can mend: it is left out.
func (x *tx) takeMailed(o crm.Order) error {
	was, here, err := x.orderNumbered(o.Source, o.Number)
	if err != nil {
		return err
	}
	switch {
	case here && (o.State != crm.OrderCancelled || was.State == crm.OrderCancelled):
		return nil
	case here:
		o = was
		o.State = crm.OrderCancelled
	default:
		others, err := x.sameOrders(&o, false)
		if err != nil || len(others) > 0 {
			return err
		}
	}
	g, err := x.newOrders([]crm.Order{o}, OrderOptions{Replace: true})
	if err == nil {
		_, err = g.save()
	}
	return err
}

// sameOrders gives orders of other sources that are the same one by number and
// date; mailed restricts them to those that a mail told of, whose source is its
// author.
func (x *tx) sameOrders(o *crm.Order, mailed bool) (ids []int64, err error) {
	bare := strings.TrimPrefix(o.Number, "#")
	rows, err := x.query(`SELECT id, source FROM orders WHERE number IN ($1, $2) AND source <> $3 AND at_us BETWEEN $4 AND $5`,
		bare, "#"+bare, o.Source, micros(o.At.Add(-mailLag)), micros(o.At.Add(mailLag)))
	if err != nil {
		return nil, err
	}
	err = scanAll(rows, func(r *sql.Rows) error {
		var id int64
		var source string
		err := r.Scan(&id, &source)
		if !mailed || strings.Contains(source, "@") {
			ids = append(ids, id)
		}
		return err
	})
	return ids, err
}
