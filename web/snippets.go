package web

import (
	"errors"
	"fmt"
	"net/http"

	"kaveri/crm"
)

// SnippetsPage is where the firm's ready-made texts are written.
type SnippetsPage struct {
	Shell
	List   []SnippetLine
	New    crm.Snippet
	Faults Faults
}

// SnippetLine is a text with its form.
type SnippetLine struct {
	crm.Snippet
	Open   bool
	Faults Faults
}

func (s *Server) snippetsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showSnippets(w, r, c, crm.Snippet{}, Faults{}, http.StatusOK)
}

// showSnippets shows the page; of the text that is wrong, as it was sent.
func (s *Server) showSnippets(w http.ResponseWriter, r *http.Request, c *call, given crm.Snippet, f Faults, status int) error {
	list, err := s.Drafts.Snippets(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	p := SnippetsPage{Shell: s.shell(c, "mailings", c.t("snippets.title"))}
	for _, t := range list {
		l := SnippetLine{Snippet: t}
		if t.ID == given.ID {
			l = SnippetLine{Snippet: given, Open: true, Faults: f}
		}
		p.List = append(p.List, l)
	}
	if given.ID == 0 {
		p.New, p.Faults = given, f
	}
	s.render(w, r, c, status, "snippets", p)
	return nil
}

// saveSnippet keeps a new text, or a changed one.
func (s *Server) saveSnippet(w http.ResponseWriter, r *http.Request, c *call) error {
	t := crm.Snippet{Name: r.PostFormValue("name"), Text: r.PostFormValue("text")}
	if r.PathValue("id") != "" {
		id, err := routeID[crm.SnippetID](r, "id", "text")
		if err != nil {
			return err
		}
		t.ID = id
	}
	kept, err := s.Drafts.SaveSnippet(r.Context(), c.viewer, t)
	if err != nil {
		var e *crm.Error
		if errors.As(err, &e) && e.Kind == crm.KindConflict {
			err = c.fault("name", "snippets.taken")
		}
		f, ok := c.faults(err, "name", "text")
		if !ok {
			return err
		}
		return s.showSnippets(w, r, c, t, f, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, fmt.Sprintf("/snippets#text-%d", kept.ID), "snippet")
}

func (s *Server) removeSnippet(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.SnippetID](r, "id", "text")
	if err != nil {
		return err
	}
	if err := s.Drafts.RemoveSnippet(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return go303(w, r, "/snippets", "snippet-gone")
}
