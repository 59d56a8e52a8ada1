package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"kaveri/crm"
	"kaveri/templates"
)

// Shell is what surrounds every page.
type Shell struct {
	Lang   string // of the page: en or fi
	Other  string // the other language
	Title  string
	Nav    string     // the entry of the navigation that is current
	Me     *crm.Staff // nil when nobody is signed in
	Admin  bool
	Firm   string
	Query  string // what the search field holds
	Done   string // one sentence about what was just done
	See    string // the page where that can be looked at, "" when there is none
	Held   bool   // nothing is sent from here until somebody confirms it
	Waits  string // why mail waits, on pages about sending
	Open   int    // questions that wait for an answer
	Path   string // of this page, to come back to it
	Script bool   // the browser libraries are built in
	Charts bool   // so is what draws charts
}

func (s *Server) shell(c *call, nav, title string) Shell {
	sh := Shell{Lang: c.lang, Other: otherLanguage(c.lang), Title: title, Nav: nav, Firm: c.firm.Name, Path: c.path, Script: s.static.has("htmx.min.js") && s.static.has("hx-sse.min.js"), Charts: s.static.has("uPlot.iife.min.js") && s.static.has("uPlot.min.css")}
	if c.signedIn() {
		sh.Me, sh.Admin = &c.me, c.viewer.MayAdminister()
	}
	if c.done != "" {
		sh.Done, sh.See = c.t(Key("done."+c.done)), c.see
	}
	sh.Open, sh.Held = c.questions, c.held != ""
	if nav == "mailings" && s.Waiting != nil && !sh.Held {
		if why := s.Waiting(); why != "" {
			sh.Waits = capital(strings.TrimSuffix(why, ".")) + "."
		}
	}
	return sh
}

// views holds every page parsed once per language.
type views struct {
	byLang map[string]map[string]*template.Template
}

func newViews(st *static) (*views, error) {
	v := &views{byLang: map[string]map[string]*template.Template{}}
	pages, err := fs.Glob(templates.FS, "pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, lang := range languages {
		base, err := template.New("").Funcs(funcs(lang, st)).ParseFS(templates.FS, "parts/*.html")
		if err != nil {
			return nil, fmt.Errorf("web: parts: %w", err)
		}
		v.byLang[lang] = map[string]*template.Template{}
		for _, p := range pages {
			t, err := base.Clone()
			if err != nil {
				return nil, err
			}
			if t, err = t.ParseFS(templates.FS, p); err != nil {
				return nil, fmt.Errorf("web: %s: %w", p, err)
			}
			v.byLang[lang][strings.TrimSuffix(path.Base(p), ".html")] = t
		}
	}
	return v, nil
}

// funcs are all that a template may call.
func funcs(lang string, st *static) template.FuncMap {
	return template.FuncMap{
		"t":        func(k Key, args ...any) (string, error) { return say(lang, k, args...) },
		"n":        func(k Key, n int) (string, error) { return count(lang, k, n) },
		"num":      func(n int) string { return number(lang, int64(n)) },
		"size":     func(n int64) string { return size(lang, n) },
		"asset":    st.url,
		"join":     strings.Join,
		"initials": initials,
		"phone":    phone,
		"prefix":   strings.HasPrefix,
		"inc":      func(n int) int { return n + 1 },
		"party":    func(field string, l PartyLine) partyField { return partyField{field, l} },
		"field": func(name, label, value, fault, hint string) Field {
			return Field{Name: name, Label: label, Value: value, Fault: fault, Hint: hint, Type: "text"}
		},
	}
}

// partyField is somebody who can be chosen, in the field of a form.
type partyField struct {
	Field string
	Line  PartyLine
}

// Field is one input of a form.
type Field struct {
	Name, Label, Value, Fault, Hint, Type, Auto, Mode, Holder string
	Required, Focus                                           bool
}

// As sets the type of the input, and what the browser may fill in.
func (f Field) As(typ, autocomplete string) Field { f.Type, f.Auto = typ, autocomplete; return f }

// Like sets an example shown while the input is empty.
func (f Field) Like(example string) Field { f.Holder = example; return f }

// Need marks the input as required.
func (f Field) Need() Field { f.Required = true; return f }

// First puts the cursor here when the page opens.
func (f Field) First() Field { f.Focus = true; return f }

// render answers with a whole page.
func (s *Server) render(w http.ResponseWriter, r *http.Request, c *call, status int, page string, data any) {
	s.write(w, r, c, status, page, "shell", data)
}

// renderPart answers with a fragment of a page.
func (s *Server) renderPart(w http.ResponseWriter, r *http.Request, c *call, page, part string, data any) error {
	s.write(w, r, c, http.StatusOK, page, part, data)
	return nil
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, c *call, status int, page, part string, data any) {
	var b bytes.Buffer
	t := s.views.byLang[c.lang][page]
	if t == nil {
		s.Log.ErrorContext(r.Context(), "no such template", "request", c.id, "page", page)
		http.Error(w, c.id, http.StatusInternalServerError)
		return
	}
	if err := t.ExecuteTemplate(&b, part, data); err != nil {
		s.Log.ErrorContext(r.Context(), "render failed", "request", c.id, "page", page, "error", err)
		http.Error(w, c.t("error.internal.text")+" "+c.id, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", c.lang)
	h.Set("Vary", "Cookie, HX-Request")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
}

// isFragment reports a request by which htmx fetches part of a page.
func isFragment(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// go303 sends the browser on after a change: to a page of ours, with a word
// about what was done.
func go303(w http.ResponseWriter, r *http.Request, to, done string) error {
	if done != "" {
		path, fragment, _ := strings.Cut(to, "#")
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		to = path + sep + "done=" + done
		if fragment != "" {
			to += "#" + fragment
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
