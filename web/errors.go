package web

import (
	"context"
	"errors"
	"net/http"

	"kaveri/crm"
)

// statusOf maps each kind of error to its HTTP status: the only such table.
var statusOf = map[crm.Kind]int{
	crm.KindInternal:    http.StatusInternalServerError,
	crm.KindNotFound:    http.StatusNotFound,
	crm.KindConflict:    http.StatusConflict,
	crm.KindInvalid:     http.StatusUnprocessableEntity,
	crm.KindForbidden:   http.StatusForbidden,
	crm.KindUnavailable: http.StatusServiceUnavailable,
}

var (
	errNoPage      = crm.NotFound("no such page")
	errCrossOrigin = crm.Forbidden("this form was sent from another site, so nothing was changed; open Kaveri itself and try again")
)

// ErrorPage tells what went wrong, and what to do.
type ErrorPage struct {
	Shell
	Head, Text string
	RequestID  string // only for faults of ours
}

// fail answers with the error's page. A fault of ours is logged and shown only
// as its request id.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, c *call, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is waiting for the answer
	}
	kind := crm.KindOf(err)
	var known *crm.Error
	if !errors.As(err, &known) || known.Err != nil || kind == crm.KindInternal {
		s.Log.ErrorContext(r.Context(), "request failed", "request", c.id, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if isFragment(r) { // the page it belongs to stays as it is
		http.Error(w, http.StatusText(statusOf[kind]), statusOf[kind])
		return
	}
	p := ErrorPage{Shell: s.shell(c, "", c.t("error.title"))}
	switch kind {
	case crm.KindInternal:
		p.Head, p.Text, p.RequestID = c.t("error.internal"), c.t("error.internal.text"), c.id
	case crm.KindNotFound:
		p.Head, p.Text = c.t("error.not-found"), c.t("error.not-found.text")
	case crm.KindForbidden:
		p.Head, p.Text = c.t("error.forbidden"), c.sentence(err)
	case crm.KindUnavailable:
		p.Head, p.Text = c.t("error.unavailable"), c.sentence(err)
	default:
		p.Head, p.Text = c.t("error.refused"), c.sentence(err)
	}
	s.render(w, r, c, statusOf[kind], "error", p)
}

// worded is an error whose text is in the reader's language already.
type worded struct{ e crm.Error }

// Error gives the field and the sentence.
func (w *worded) Error() string { return w.e.Error() }

// Unwrap gives the domain's error, for its kind and field.
func (w *worded) Unwrap() error { return &w.e }

// fault makes an error of a form of ours at the field.
func (c *call) fault(field string, k Key, args ...any) error {
	return &worded{crm.Error{Kind: crm.KindInvalid, Field: field, Text: c.t(k, args...)}}
}

// sentence gives what an error says to people, in their language. The domain
// speaks English; for Finnish the field at fault or the kind names the sentence.
func (c *call) sentence(err error) string {
	var w *worded
	if errors.As(err, &w) {
		return w.e.Text
	}
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind == crm.KindInternal {
		return c.t("error.internal.text")
	}
	if c.lang == "en" {
		return capital(e.Text)
	}
	if k := Key("fault." + e.Field); e.Field != "" && words[k].has() {
		return c.t(k)
	}
	switch e.Kind {
	case crm.KindForbidden:
		return c.t("error.forbidden.text")
	case crm.KindUnavailable:
		return c.t("error.unavailable.text")
	case crm.KindConflict:
		return c.t("error.conflict.text")
	case crm.KindNotFound:
		return c.t("error.not-found.text")
	}
	return c.t("error.invalid.text")
}

// Faults are the errors of a form: one sentence per field, and one for all.
type Faults struct {
	Fields  map[string]string
	General string
}

// On gives the sentence of a field, "" when it is well.
func (f Faults) On(field string) string { return f.Fields[field] }

// Any reports whether anything is wrong.
func (f Faults) Any() bool { return f.General != "" || len(f.Fields) > 0 }

// faults places an error at the field it names, when the form has that field.
// It reports false for errors that a form cannot mend.
func (c *call) faults(err error, fields ...string) (Faults, bool) {
	var e *crm.Error
	if !errors.As(err, &e) {
		return Faults{}, false
	}
	switch e.Kind {
	case crm.KindInvalid, crm.KindConflict, crm.KindUnavailable:
	default:
		return Faults{}, false
	}
	text := c.sentence(err)
	for _, f := range fields {
		if f == e.Field {
			return Faults{Fields: map[string]string{f: text}}, true
		}
	}
	return Faults{General: text}, true
}
