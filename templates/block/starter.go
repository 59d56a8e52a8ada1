package block

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"kaveri/crm"
	"kaveri/templates"
)

// Starter is a ready-made mail to begin with, in each language.
type Starter struct {
	Name      string // of its files: "we-miss-you"
	Documents map[string]*Document
}

// starters are in the order in which they are offered.
var starters = []string{"second-try", "we-miss-you", "wish-came-true", "thank-you", "early-news", "what-was-missing"}

// Starters gives the ready-made mails. That they are valid is tested.
func Starters() ([]Starter, error) {
	out := make([]Starter, len(starters))
	for i, name := range starters {
		out[i] = Starter{Name: name, Documents: map[string]*Document{}}
	}
	files, err := fs.Glob(templates.Mail, "mail/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name, language, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(file, "mail/"), ".json"), ".")
		i := slices.Index(starters, name)
		if i < 0 {
			return nil, fmt.Errorf("%s is not on the list of ready-made mails", file)
		}
		b, err := fs.ReadFile(templates.Mail, file)
		if err != nil {
			return nil, err
		}
		d, err := Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out[i].Documents[language] = d
	}
	return out, nil
}

// Letters gives a starter's texts by language, as a step of a plan has them.
func (s *Starter) Letters() map[string]crm.Template {
	out := map[string]crm.Template{}
	for language, d := range s.Documents {
		out[language] = d.Render(language)
	}
	return out
}
