package web

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"kaveri/crm"
)

// offered are the languages to choose from, by their ISO 639-1 codes: those of
// Europe, as Kaveri finds them in mail.
var offered = []string{"bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "tr", "uk"}

// LanguageChoice is a language to write to a customer in.
type LanguageChoice struct {
	Code, Name string
	Chosen     bool
}

// languageName names a language in the reader's; one without a name by its code.
func (c *call) languageName(code string) string {
	names := display.English.Languages()
	if c.lang == "fi" {
		names = display.Finnish.Languages()
	}
	tag, err := language.Parse(code)
	if err != nil || names.Name(tag) == "" {
		return code
	}
	return names.Name(tag)
}

// languageChoices lists the languages by name, with one that is not offered when
// a customer has it.
func (c *call) languageChoices(now string) []LanguageChoice {
	codes := slices.Clone(offered)
	if now != "" && !slices.Contains(codes, now) {
		codes = append(codes, now)
	}
	out := make([]LanguageChoice, len(codes))
	for i, code := range codes {
		out[i] = LanguageChoice{Code: code, Name: c.languageName(code), Chosen: code == now}
	}
	slices.SortFunc(out, func(a, b LanguageChoice) int { return strings.Compare(crm.SortKey(a.Name), crm.SortKey(b.Name)) })
	return out
}

// setCustomerLanguage says in which language to write to a customer, or leaves
// it to the mail again.
func (s *Server) setCustomerLanguage(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	if _, err := s.Store.SetCustomerLanguage(r.Context(), c.viewer, cu.ID, r.PostFormValue("language")); err != nil {
		return err
	}
	return go303(w, r, deskPath(cu.ID), "customer-language")
}
