package web

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// Files are the addresses of a list as a file.
type Files struct{ CSV, XLSX string }

// filesOf gives the addresses of a list's files: at, with the ending of each
// format, and what the list is narrowed to.
func filesOf(at, query string) Files {
	if query != "" {
		query = "?" + query
	}
	return Files{at + "." + string(sheet.FormatCSV) + query, at + "." + string(sheet.FormatXLSX) + query}
}

// exportPage is how many rows of a file are read at a time.
const exportPage = 500

// export answers with a table as a file, in the format that the address ends in.
// Nothing is sent before the first row is there: until then, a page can say what
// is wrong.
func (s *Server) export(w http.ResponseWriter, r *http.Request, c *call, titles []string, rows func(row func(...sheet.Cell) error) error) error {
	name := path.Base(r.URL.Path)
	var out sheet.Writer
	begin := func() {
		f := sheet.Format(strings.TrimPrefix(path.Ext(name), "."))
		h := w.Header()
		h.Set("Content-Type", f.MediaType())
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
		h.Set("Cache-Control", "no-store")
		out = sheet.NewWriter(w, f, titles...)
	}
	err := rows(func(cells ...sheet.Cell) error {
		if out == nil {
			begin()
		}
		return out.Row(cells...)
	})
	if err != nil && out == nil {
		return err
	}
	if out == nil {
		begin()
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		s.broken(r, c, err)
	}
	return nil
}

// broken ends an answer that has begun: what was sent cannot be taken back, so
// the connection is cut, and nobody takes half a file for the whole.
func (s *Server) broken(r *http.Request, c *call, err error) {
	if r.Context().Err() == nil { // else whoever asked has gone
		s.Log.ErrorContext(r.Context(), "a file broke off", "request", c.id, "error", err)
	}
	panic(http.ErrAbortHandler)
}

// exportPages answers with all pages of a list as one file.
func exportPages[T any, K comparable](s *Server, w http.ResponseWriter, r *http.Request, c *call, titles []string, page func(ctx context.Context, after K) ([]T, K, error), record func(*T) []sheet.Cell) error {
	return s.export(w, r, c, titles, func(row func(...sheet.Cell) error) error {
		var after, none K
		for {
			list, next, err := page(r.Context(), after)
			if err != nil {
				return err
			}
			for i := range list {
				if err := row(record(&list[i])...); err != nil {
					return err
				}
			}
			if after = next; next == none {
				return nil
			}
		}
	})
}

// customersFile gives the customers that a search finds.
func (s *Server) customersFile(w http.ResponseWriter, r *http.Request, c *call) error {
	text := strings.TrimSpace(r.URL.Query().Get("q"))
	titles := []string{"customer", "name", "address", "contacts", "mails", "notes", "orders", "last_order", "last_from_them", "last_from_us"}
	return exportPages(s, w, r, c, titles, func(ctx context.Context, after crm.PageKey) ([]crm.CustomerRow, crm.PageKey, error) {
		return s.Store.Customers(ctx, c.viewer, crm.CustomerQuery{Text: text, Tag: strings.TrimSpace(r.URL.Query().Get("tag")), After: after, Limit: exportPage})
	}, func(l *crm.CustomerRow) []sheet.Cell {
		return []sheet.Cell{sheet.Int(l.ID), sheet.Text(l.Name), sheet.Text(l.Address), sheet.Int(l.Contacts), sheet.Int(l.Mails), sheet.Int(l.Notes), sheet.Int(l.Orders),
			c.timeCell(l.Ordered), c.timeCell(l.LastIn), c.timeCell(l.LastOut)}
	})
}

// ordersFile gives the orders as a file, a row for each.
func (s *Server) ordersFile(w http.ResponseWriter, r *http.Request, c *call) error {
	q := crm.OrderQuery{Nobody: r.URL.Query().Get("nobody") != "", Limit: exportPage}
	titles := []string{"order", "source", "number", "at", "state", "customer", "buyer", "buyer_address", "buyer_number", "currency", "total", "discount", "value", "given_back", "refunds", "offers", "products"}
	return exportPages(s, w, r, c, titles, func(ctx context.Context, after crm.PageKey) ([]crm.Order, crm.PageKey, error) {
		q.After = after
		return s.Loyalty.Orders(ctx, c.viewer, q)
	}, c.orderRecord)
}

func (c *call) orderRecord(o *crm.Order) []sheet.Cell {
	var products []string
	for _, l := range o.Lines {
		name := l.Product.Name
		if name == "" {
			name = l.Product.SKU
		}
		products = append(products, l.Quantity.String()+" × "+name)
	}
	customer := sheet.Cell{}
	if o.Customer != 0 {
		customer = sheet.Int(o.Customer)
	}
	return []sheet.Cell{sheet.Int(o.ID), sheet.Text(o.Source), sheet.Text(o.Number), c.timeCell(o.At), sheet.Text(o.State), customer, sheet.Text(o.Buyer.Name), sheet.Text(o.Buyer.Address), sheet.Text(o.Buyer.Number),
		sheet.Text(o.Currency), sheet.Money(o.Total), sheet.Money(o.Discount), sheet.Money(o.Value), sheet.Money(-o.Refunded), sheet.Text(o.Refunds), sheet.Text(strings.Join(o.Offers, ", ")), sheet.Text(strings.Join(products, "; "))}
}

// timeCell shows a moment as the firm's clock does.
func (c *call) timeCell(t time.Time) sheet.Cell {
	if t.IsZero() {
		return sheet.Cell{}
	}
	return sheet.Time(t.In(c.clock.loc))
}
