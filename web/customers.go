package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

const customersPerPage = 50

// CustomersPage is the list of customers.
type CustomersPage struct {
	Shell
	Text      string
	Tag       string // of whom
	Tags      []TagLink
	Waiting   *WaitingPart // nil: a part of the list is asked for
	Rows      []CustomerLine
	Next      string // address of the next page, "" when there is none
	Files     Files
	First     bool   // this is the first page
	Refresh   string // address of the fragment
	Mailboxes int    // how many are connected, when there is no customer yet
}

// CustomerLine is one customer in the list.
type CustomerLine struct {
	crm.CustomerRow
	Last Stamp
	Tags []TagLink
	Who  string // "they wrote", "we wrote"
}

func (s *Server) customersPage(w http.ResponseWriter, r *http.Request, c *call) error {
	q := r.URL.Query()
	text, tag := strings.TrimSpace(q.Get("q")), strings.TrimSpace(q.Get("tag"))
	after, err := parseKey(q.Get("after"))
	if err != nil {
		return err
	}
	rows, next, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: text, Tag: tag, After: after, Limit: customersPerPage})
	if err != nil {
		return err
	}
	p := CustomersPage{Shell: s.shell(c, "customers", c.t("customers.title")), Text: text, Tag: tag, First: after == crm.PageKey{}, Refresh: "/customers", Files: filesOf("/customers", "")}
	narrowed := url.Values{}
	if text != "" {
		narrowed.Set("q", text)
	}
	if tag != "" {
		narrowed.Set("tag", tag)
	}
	if len(narrowed) > 0 {
		p.Refresh += "?" + narrowed.Encode()
		p.Files = filesOf("/customers", narrowed.Encode())
	}
	if q.Get("after") != "" {
		p.Refresh = "/customers?" + q.Encode()
	}
	for _, row := range rows {
		p.Rows = append(p.Rows, c.customerLine(row))
	}
	if (next != crm.PageKey{}) {
		narrowed.Set("after", formatKey(next))
		p.Next = "/customers?" + narrowed.Encode()
	}
	if len(rows) == 0 && text == "" && tag == "" {
		boxes, err := s.Store.Health(r.Context(), c.viewer)
		if err != nil {
			return err
		}
		p.Mailboxes = len(boxes)
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "customers", "customer-list", p)
	}
	if p.Tags, err = s.tagFilter(r, c, tag); err != nil {
		return err
	}
	if p.First && text == "" && tag == "" && len(rows) > 0 {
		part, err := s.waitingPart(r, c, waitingOnTop, "/customers")
		if err != nil {
			return err
		}
		p.Waiting = &part
	}
	s.render(w, r, c, http.StatusOK, "customers", p)
	return nil
}

func (c *call) customerLine(row crm.CustomerRow) CustomerLine {
	mail := latest(row.LastIn, row.LastOut)
	l := CustomerLine{CustomerRow: row, Tags: tagLinks(row.Tags), Last: c.clock.ago(latest(mail, row.Ordered))}
	switch {
	case row.Ordered.After(mail):
		l.Who = c.t("customers.ordered")
	case row.LastIn.IsZero() && row.LastOut.IsZero():
	case row.WroteLast():
		l.Who = c.t("customers.they-wrote")
	default:
		l.Who = c.t("customers.we-wrote")
	}
	return l
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// formatKey writes a page key for an address.
func formatKey(k crm.PageKey) string {
	micro := int64(0)
	if !k.At.IsZero() {
		micro = k.At.UnixMicro()
	}
	return fmt.Sprintf("%d.%d", micro, k.ID)
}

// parseKey reads what formatKey wrote; "" is the first page.
func parseKey(s string) (crm.PageKey, error) {
	if s == "" {
		return crm.PageKey{}, nil
	}
	at, id, ok := strings.Cut(s, ".")
	micro, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if !ok || err1 != nil || err2 != nil {
		return crm.PageKey{}, crm.Invalid("page", "this is not a page of the list; start again at its first page")
	}
	k := crm.PageKey{ID: n}
	if micro != 0 {
		k.At = time.UnixMicro(micro).UTC()
	}
	return k, nil
}
