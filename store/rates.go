package store

import (
	"context"
	"database/sql"
	"sort"
	"time"

	"kaveri/crm"
)

// rateFrom is what a currency is worth from a day on.
type rateFrom struct {
	day  int64
	rate crm.Rate
}

// rates reads all rates, of each currency the oldest first.
func (x *tx) rates() (map[string][]rateFrom, error) {
	out := map[string][]rateFrom{}
	rows, err := x.query(`SELECT currency, from_day, rate FROM rates ORDER BY currency, from_day`)
	if err != nil {
		return nil, err
	}
	return out, scanAll(rows, func(r *sql.Rows) error {
		var code string
		var f rateFrom
		err := r.Scan(&code, &f.day, &f.rate)
		out[code] = append(out[code], f)
		return err
	})
}

// rateAt gives the rate of a day: the newest that was set for it or a day before,
// else the oldest there is.
func rateAt(of []rateFrom, day int64) (crm.Rate, bool) {
	if len(of) == 0 {
		return 0, false
	}
	i := sort.Search(len(of), func(i int) bool { return of[i].day > day })
	return of[max(i-1, 0)].rate, true
}

// SetRate notes what one unit of a currency is worth in the firm's from a day
// on, and counts the orders in it anew.
func (s *Store) SetRate(ctx context.Context, v crm.Viewer, r crm.CurrencyRate) error {
	if !v.MayAdminister() {
		return crm.Forbidden("only an administrator may set what a currency is worth")
	}
	code, err := crm.ParseCurrency(r.Currency)
	if err != nil {
		return err
	}
	if r.Rate <= 0 {
		return crm.Invalid("rate", "a rate is above zero")
	}
	return s.write(ctx, func(x *tx) error {
		firm, err := x.savedFirm()
		if err != nil {
			return err
		}
		if code == firm.Currency {
			return crm.Invalid("currency", "%s is your own currency", code)
		}
		if err := x.exec(`INSERT INTO rates (currency, from_day, rate) VALUES ($1, $2, $3) ON CONFLICT (currency, from_day) DO UPDATE SET rate = excluded.rate`,
			code, dayOf(r.From, time.UTC), int64(r.Rate)); err != nil {
			return err
		}
		return x.revalue(code)
	})
}

// Rates lists what currencies are worth in the firm's.
func (s *Store) Rates(ctx context.Context) ([]crm.CurrencyRate, error) {
	var out []crm.CurrencyRate
	err := s.view(ctx, func(x *tx) error {
		all, err := x.rates()
		for _, code := range sortedKeys(all) {
			for _, f := range all[code] {
				out = append(out, crm.CurrencyRate{Currency: code, From: crm.Day(f.day).Time(), Rate: f.rate})
			}
		}
		return err
	})
	return out, err
}

// revalue counts the orders in a currency anew, and what refunds take off.
func (x *tx) revalue(code string) error {
	all, err := x.rates()
	if err != nil {
		return err
	}
	of := all[code]
	type valued struct {
		id, total, day int64
		refunds        sql.NullInt64
	}
	rows, err := x.query(`SELECT id, total, day, refunds_id FROM orders WHERE currency = $1 ORDER BY id`, code)
	orders, err := collect(rows, err, func(r *sql.Rows, o *valued) error { return r.Scan(&o.id, &o.total, &o.day, &o.refunds) })
	if err != nil {
		return err
	}
	var targets []int64
	for _, o := range orders {
		rate, ok := rateAt(of, o.day)
		if !ok {
			continue
		}
		if err := x.exec(`UPDATE orders SET value = $1 WHERE id = $2`, int64(crm.Money(o.total).At(rate)), o.id); err != nil {
			return err
		}
		if o.refunds.Valid {
			targets = append(targets, o.refunds.Int64)
		}
	}
	return x.sumRefunds(distinct(targets))
}

// recountOrders makes orders follow the firm's settings. Their values are in the
// firm's currency, and rates into another one are not known, so it stays as long
// as there are orders.
func (x *tx) recountOrders(was, is *crm.Firm) error {
	if was.Currency != is.Currency {
		var n int
		if err := x.row(`SELECT count(*) FROM (SELECT 1 AS one FROM orders LIMIT 1) AS s`).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return crm.Conflict("currency: your orders are counted in %s; it can be changed only before the first of them comes in", was.Currency)
		}
		if err := x.exec(`DELETE FROM rates`); err != nil {
			return err
		}
	}
	if was.TimeZone == is.TimeZone {
		return nil
	}
	return x.redateOrders(is.Zone())
}
