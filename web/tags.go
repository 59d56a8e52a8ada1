package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kaveri/crm"
)

// Tagging is words that colleagues put on customers.
type Tagging interface {
	// Tags gives those in use, by name.
	Tags(ctx context.Context, v crm.Viewer) ([]crm.Tag, error)
	AddTag(ctx context.Context, v crm.Viewer, id crm.CustomerID, tag string) (shown string, err error)
	RemoveTag(ctx context.Context, v crm.Viewer, id crm.CustomerID, tag string) error
}

// TagForm is the tags of a customer, and the form for another one.
type TagForm struct {
	Customer crm.CustomerID
	Tags     []TagLink
	Known    []string // in use, to choose from
	Text     string   // what was written
	Faults   Faults
}

// TagLink leads to those who have a tag.
type TagLink struct {
	Name string
	Link string
	N    int
	Here bool
}

func tagLink(name string) TagLink {
	return TagLink{Name: name, Link: "/customers?" + url.Values{"tag": {name}}.Encode()}
}

func tagLinks(names []string) (out []TagLink) {
	for _, n := range names {
		out = append(out, tagLink(n))
	}
	return out
}

func (s *Server) fillTags(r *http.Request, c *call, cu crm.Customer, f *TagForm) error {
	f.Customer, f.Tags = cu.ID, tagLinks(cu.Tags)
	known, err := s.Store.Tags(r.Context(), c.viewer)
	for _, t := range known {
		if !slices.Contains(cu.Tags, t.Name) {
			f.Known = append(f.Known, t.Name)
		}
	}
	return err
}

// addTag puts a tag on a customer, or several that stand apart by commas.
func (s *Server) addTag(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	text := r.PostFormValue("tag")
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" && strings.Trim(text, ", ") != "" {
			continue
		}
		if _, err := s.Store.AddTag(r.Context(), c.viewer, cu.ID, part); err != nil {
			f, ok := c.faults(err, "tag")
			if !ok {
				return err
			}
			return s.showCustomerWith(w, r, c, CustomerPage{Tags: TagForm{Text: text, Faults: f}}, statusOf[crm.KindOf(err)])
		}
	}
	return go303(w, r, customerPath(cu.ID)+"#tags", "")
}

// removeTag takes a tag from a customer; one that is gone already is no fault.
func (s *Server) removeTag(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	if err := s.Store.RemoveTag(r.Context(), c.viewer, cu.ID, r.PostFormValue("tag")); err != nil && crm.KindOf(err) != crm.KindNotFound {
		return err
	}
	return go303(w, r, customerPath(cu.ID)+"#tags", "")
}

// tagsShown is how many tags stand above the list of customers.
const tagsShown = 12

// tagFilter gives the tags that most customers have, and the one that is chosen.
func (s *Server) tagFilter(r *http.Request, c *call, chosen string) (out []TagLink, err error) {
	all, err := s.Store.Tags(r.Context(), c.viewer)
	slices.SortStableFunc(all, func(a, b crm.Tag) int { return cmp.Compare(b.Customers, a.Customers) })
	for i, t := range all {
		here := chosen != "" && strings.EqualFold(t.Name, chosen)
		if i < tagsShown || here {
			l := tagLink(t.Name)
			l.N, l.Here = t.Customers, here
			out = append(out, l)
		}
	}
	return out, err
}
