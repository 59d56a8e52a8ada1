package parse

import (
	"slices"
	"strings"

	"kaveri/crm"
)

// maxForwarded bounds how many carried mails are told apart.
const maxForwarded = 5

// fromLabels are what clients write before the author of a mail that they
// quote with its header, in the languages of Europe and some others.
var fromLabels = []string{"from", "lähettäjä", "von", "från", "fra", "de", "da", "van", "od", "kellelt", "saatja", "no", "nuo", "feladó", "от", "от кого", "kimden", "发件人", "差出人", "보낸 사람"}

// subjectLabels come a few lines later in the same block.
var subjectLabels = []string{"subject", "aihe", "betreff", "ämne", "emne", "objet", "asunto", "assunto", "oggetto", "onderwerp", "temat", "předmět", "teema", "tēma", "tema", "tárgy", "тема", "konu", "主题", "件名", "제목"}

// forwarded gives the authors of the mails that a mail carries along: attached,
// or, when its subject says that it forwards, quoted with their header. It says
// nothing about whether that is true.
func (p *parser) forwarded() []crm.Party {
	out := p.attached
	if p.m.Class != crm.ClassHuman {
		return nil
	}
	if !crm.Forwards(p.m.Subject) {
		return out
	}
	lines := strings.SplitN(p.m.Text, "\n", 400)
	for i := 0; i < len(lines) && i < 399 && len(out) < maxForwarded; i++ {
		value, ok := labelled(lines[i], fromLabels)
		if !ok || !slices.ContainsFunc(lines[i+1:min(i+8, len(lines))], func(l string) bool { _, ok := labelled(l, subjectLabels); return ok }) {
			continue
		}
		if a, ok := addressIn(value); ok && !slices.ContainsFunc(out, func(o crm.Party) bool { return o.Address == a }) {
			out = append(out, crm.Party{Address: a})
		}
	}
	return out[:min(len(out), maxForwarded)]
}

// labelled gives what follows a label and a colon, through quote marks and the
// asterisks of bold text.
func labelled(line string, labels []string) (value string, ok bool) {
	line = strings.TrimLeft(line, "> \t*|")
	if len(line) > 500 {
		return "", false
	}
	label, value, ok := strings.Cut(line, ":")
	if !ok {
		label, value, ok = strings.Cut(line, "：")
	}
	return value, ok && len(label) <= 40 && slices.Contains(labels, strings.ToLower(strings.Trim(label, " *\u00a0")))
}

// addressIn finds the address in "Dora Dorsey <dora@acme.example>",
// "Dora [mailto:dora@acme.example]" and the like.
func addressIn(s string) (crm.Address, bool) {
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t<>[]()\",;*", r) }) {
		word = strings.TrimPrefix(word, "mailto:")
		if strings.Contains(word, "@") && strings.Contains(word, ".") {
			if a, err := crm.ParseAddress(word); err == nil {
				return a, true
			}
		}
	}
	return "", false
}
