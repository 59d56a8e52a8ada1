package campaigns

import (
	"strings"

	"kaveri/crm"
)

// The footers of a mail to many whose text has no link to unsubscribe.
const (
	footerText = `
-- 
{{ if language == "fi" }}
Etkö halua näitä viestejä? Peru ne: {{ unsubscribe_url }}
Valitse, mitä saat: {{ preferences_url }}
{{ else }}
You do not want these mails? Unsubscribe: {{ unsubscribe_url }}
Choose what you get: {{ preferences_url }}
{{ endif }}
`
	footerStyle = `<p style="max-width:600px;margin:24px auto;padding:0 16px;font-family:sans-serif;font-size:13px;line-height:20px;color:#595959">`
	footerHTML  = footerStyle + `{{ if language == "fi" }}Etkö halua näitä viestejä? <a href="{{ unsubscribe_url }}">Peru ne</a> tai <a href="{{ preferences_url }}">valitse, mitä saat</a>.` +
		`{{ else }}You do not want these mails? <a href="{{ unsubscribe_url }}">Unsubscribe</a> or <a href="{{ preferences_url }}">choose what you get</a>.{{ endif }}</p>` + "\n"
)

// withFooter adds a footer to each part that does not name unsubscribe_url. What
// does not compile is left as it is.
func withFooter(t crm.Template) crm.Template {
	if t.Text != "" && lacksLink(t.Text, Plain) {
		t.Text = strings.TrimRight(t.Text, " \t\n") + "\n" + footerText
	}
	if t.HTML == "" || !lacksLink(t.HTML, HTML) {
		return t
	}
	if i := strings.LastIndex(strings.ToLower(t.HTML), "</body"); i >= 0 {
		// Not where the last </body stands in a comment or within a branch.
		with := t.HTML[:i] + footerHTML + t.HTML[i:]
		if c, err := Compile(t.HTML[:i]+footerHTML, HTML); err == nil && c.Names(fieldUnsubscribe) && !lacksLink(with, HTML) {
			t.HTML = with
			return t
		}
	}
	t.HTML += "\n" + footerHTML
	return t
}

// lacksLink reports a text without the link that compiles.
func lacksLink(text string, as Context) bool {
	c, err := Compile(text, as)
	return err == nil && !c.Names(fieldUnsubscribe)
}
