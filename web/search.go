package web

import (
	"net/http"
	"strings"

	"kaveri/crm"
)

const searchLimit = 50

// SearchPage shows what a search found.
type SearchPage struct {
	Shell
	Customers []CustomerLine
	Hits      []HitLine
	Wishes    []WishLine
	Full      bool // there may be more than is shown
}

// HitLine is a mail found.
type HitLine struct {
	MailCard
	Snippet   []crm.SnippetPart
	Customers []crm.CustomerRef
}

func (s *Server) searchPage(w http.ResponseWriter, r *http.Request, c *call) error {
	p := SearchPage{Shell: s.shell(c, "search", c.t("search.title"))}
	p.Query = strings.TrimSpace(r.URL.Query().Get("q"))
	if p.Query != "" {
		rows, _, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: p.Query, Limit: 6})
		if err != nil {
			return err
		}
		for _, row := range rows {
			p.Customers = append(p.Customers, c.customerLine(row))
		}
		wishes, _, err := s.Wishes.Wishes(r.Context(), c.viewer, crm.WishQuery{Text: p.Query, Limit: 10})
		if err != nil {
			return err
		}
		p.Wishes = c.wishLines(wishes, "/wishes")
		hits, err := s.Store.Search(r.Context(), c.viewer, p.Query, searchLimit)
		if err != nil {
			return err
		}
		p.Full = len(hits) == searchLimit
		for _, h := range hits {
			p.Hits = append(p.Hits, HitLine{MailCard: c.mailCard(h.MailRow, c.clock.stamp(h.At)), Snippet: h.Snippet, Customers: h.Customers})
		}
	}
	s.render(w, r, c, http.StatusOK, "search", p)
	return nil
}
