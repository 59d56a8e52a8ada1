//go:build score

package parse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"regexp"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/internal/corpora"
)

// replyRow is one case of the reply corpora: a mail, a bare body or a text in
// the row itself.
type replyRow struct {
	Set      string          `json:"-"`
	File     string          `json:"file"`
	Test     string          `json:"test"`
	Kind     string          `json:"kind"`
	Input    *string         `json:"input"`
	Text     *string         `json:"text"`
	HTML     *string         `json:"html"`
	Expected json.RawMessage `json:"expected"`
}

// replyLabel is what the rows expect; each set has some of it.
type replyLabel struct {
	Trimmed    *string             `json:"trimmed"`
	Elided     *string             `json:"elided"`
	Reply      *string             `json:"reply"`
	Fragment   map[string]string   `json:"fragment_text"`
	Match      map[string][]string `json:"fragment_regex"`
	TextTop    *string             `json:"text_top"`
	TextBottom *string             `json:"text_bottom"`
	HTMLTop    *string             `json:"html_top"`
	Type       string              `json:"type"`
	Quoted     []bool              `json:"quoted"`
	Signature  json.RawMessage     `json:"signature"`
	QuotedBy   map[string]bool     `json:"quoted_by_index"`
	SignBy     map[string]bool     `json:"signature_by_index"`
	HasSign    *bool               `json:"has_signature"`
	SignLines  []int               `json:"signature_lines"`
	SignText   string              `json:"text"`
}

var replySets = []string{"email_reply_trimmer", "email_reply_parser", "crisp-reply", "willdurand-reply", "zapier-reply",
	"talon-fixtures", "talon-inline", "quotequail-inline", "quotequail-files"}

func readReplyRows(t *testing.T, set string) []replyRow {
	t.Helper()
	rows := corpora.Labels[replyRow](t, set+".jsonl")
	for i := range rows {
		rows[i].Set = set
	}
	return rows
}

func (r *replyRow) name(i int) string {
	if r.File != "" {
		return strings.TrimPrefix(r.File, r.Set+"/")
	}
	return fmt.Sprintf("%d %s", i+1, r.Test)
}

// message reads the case as "kaveri inspect" does, with --body where it is no
// mail.
func (r *replyRow) message(t *testing.T) *crm.Message {
	t.Helper()
	for _, s := range []*string{r.Input, r.Text, r.HTML} {
		if s != nil {
			return Body([]byte(*s))
		}
	}
	raw := corpora.Mail(t, r.File)
	if strings.HasSuffix(r.File, ".eml") {
		return Message(raw)
	}
	return Body(raw)
}

// wanted gives the texts that the row accepts as what is new, none when it
// expects nothing of it.
func (e *replyLabel) wanted() []string {
	switch {
	case e.Trimmed != nil:
		return []string{*e.Trimmed}
	case e.Reply != nil:
		return []string{shownText(*e.Reply)}
	case e.Fragment["0"] != "":
		return []string{e.Fragment["0"]}
	case e.TextTop != nil && e.TextBottom != nil:
		return []string{*e.TextTop + "\n" + *e.TextBottom, *e.TextTop}
	case e.TextTop != nil:
		return []string{*e.TextTop}
	case e.HTMLTop != nil:
		return []string{shownText(*e.HTMLTop)}
	}
	return nil
}

// shownText gives the text of a label that is HTML.
func shownText(s string) string {
	if strings.HasPrefix(strings.TrimSpace(s), "<html>") {
		return wordsOfHTML(strings.ReplaceAll(s, "<br>", " "))
	}
	return s
}

// unspace drops white space: labels of HTML are compared without it.
func unspace(s string) string { return strings.ReplaceAll(folded(s), " ", "") }

type tally struct{ right, all int }

func (c *tally) add(ok bool) {
	c.all++
	if ok {
		c.right++
	}
}

func (c tally) String() string {
	if c.all == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d %.1f%%", c.right, c.all, 100*float64(c.right)/float64(c.all))
}

// TestScoreReply holds Trim against the expected answers of other programs:
// the new text, white space folded, in at least nine of ten. Whether there is a
// quote and a signature is reported beside.
func TestScoreReply(t *testing.T) {
	var misses, table bytes.Buffer
	var total, totalQuoted, totalSigned, begins tally
	for _, set := range replySets {
		var text, quoted, signed tally
		for i, row := range readReplyRows(t, set) {
			if half := os.Getenv("KAVERI_SCORE_HALF"); half != "" && half != row.half(i) {
				continue
			}
			var e replyLabel
			if err := json.Unmarshal(row.Expected, &e); err != nil {
				var plain []any
				if json.Unmarshal(row.Expected, &plain) != nil {
					t.Fatal(err)
				}
			}
			m := row.message(t)
			if wants := e.wanted(); wants != nil {
				ok := false
				for _, w := range wants {
					ok = ok || unspace(m.NewText) == unspace(w)
				}
				text.add(ok)
				if !ok {
					fmt.Fprintf(&misses, "%s\t%s\twant %s\tgot %s\n", set, row.name(i), shorten(wants[0]), shorten(m.NewText))
				}
			}
			for _, re := range e.Match["0"] {
				ok, _ := regexp.MatchString(re, m.NewText)
				begins.add(ok)
				if !ok {
					fmt.Fprintf(&misses, "%s\t%s\twant match %q\tgot %s\n", set, row.name(i), re, shorten(m.NewText))
				}
			}
			if want, ok := e.quoted(string(row.Expected)); ok {
				quoted.add(m.Quoted == want)
				if m.Quoted != want {
					fmt.Fprintf(&misses, "%s\t%s\twant quoted %v\ttext %s\n", set, row.name(i), want, shorten(m.Text))
				}
			}
			if want, ok := e.signed(); ok {
				signed.add((m.Signature != "") == want)
				if (m.Signature != "") != want {
					fmt.Fprintf(&misses, "%s\t%s\twant signature %v\tgot %s\n", set, row.name(i), want, shorten(m.Signature))
				}
			}
		}
		fmt.Fprintf(&table, "%-22s %-16s %-16s %s\n", set, text, quoted, signed)
		total.right, total.all = total.right+text.right, total.all+text.all
		totalQuoted.right, totalQuoted.all = totalQuoted.right+quoted.right, totalQuoted.all+quoted.all
		totalSigned.right, totalSigned.all = totalSigned.right+signed.right, totalSigned.all+signed.all
	}
	fmt.Fprintf(&table, "%-22s %-16s %-16s %s\n", "pooled", total, totalQuoted, totalSigned)
	corpora.Misses(t, "reply-misses.txt", misses.Bytes())
	t.Logf("\n%-22s %-16s %-16s %s\n%s", "set", "new text", "quoted", "signature", table.String())
	t.Logf("what the new text must match: %v", begins)
	if 100*total.right < 90*total.all {
		t.Errorf("new text: %v is below 90 %%", total)
	}
}

// half gives A or B by the hash of the row, for tuning on one and judging on
// the other.
func (r *replyRow) half(i int) string {
	h := fnv.New32a()
	h.Write([]byte(r.Set + r.name(i)))
	return string("AB"[h.Sum32()>>3&1])
}

// quoted gives whether the label knows of a quote.
func (e *replyLabel) quoted(raw string) (want, ok bool) {
	for _, q := range e.Quoted {
		want, ok = want || q, true
	}
	for _, q := range e.QuotedBy {
		want, ok = want || q, true
	}
	if e.Type != "" {
		return true, true
	}
	return want, ok || raw == "null"
}

// signed gives whether the label knows of a signature.
func (e *replyLabel) signed() (want, ok bool) {
	var flags []bool
	var text string
	if json.Unmarshal(e.Signature, &flags) == nil {
		ok = len(flags) > 0
		for _, s := range flags {
			want = want || s
		}
	} else if json.Unmarshal(e.Signature, &text) == nil {
		return text != "", true
	}
	for _, s := range e.SignBy {
		want, ok = want || s, true
	}
	return want, ok
}

func shorten(s string) string {
	s = folded(s)
	if r := []rune(s); len(r) > 160 {
		return fmt.Sprintf("%q ... %q", string(r[:100]), string(r[len(r)-50:]))
	}
	return fmt.Sprintf("%q", s)
}

// TestScoreSignature reports how often a signature is found in the bodies of
// an old firm's mail, which are labelled by line; there is no threshold.
func TestScoreSignature(t *testing.T) {
	var found, lines tally
	for _, row := range readReplyRows(t, "mailgun-forge") {
		var e replyLabel
		if err := json.Unmarshal(row.Expected, &e); err != nil || e.HasSign == nil {
			t.Fatalf("%s: %v", row.File, err)
		}
		got := Trim(e.SignText).Signature
		found.add((got != "") == *e.HasSign)
		var want []string
		for i, l := range strings.Split(e.SignText, "\n") {
			for _, n := range e.SignLines {
				if n == i {
					want = append(want, l)
				}
			}
		}
		lines.add(folded(got) == folded(strings.Join(want, "\n")))
	}
	t.Logf("mailgun-forge: signature yes or no %v, the same lines %v", found, lines)
}

// TestScoreReplyZones reports, on an old firm's mail labelled by zones, how
// often what is new ends where the first copied header begins. Marked quotes
// have no zone of their own there: mails with such are left out.
func TestScoreReplyZones(t *testing.T) {
	type labelled struct {
		Text     string
		Expected struct {
			Spans []struct {
				Start int
				Type  string
			}
		}
	}
	var quoting, other tally
	for _, row := range corpora.Labels[labelled](t, "quagga.jsonl.gz") {
		text := []rune(row.Text)
		above := len(text)
		for _, s := range row.Expected.Spans {
			if s.Type == "Header" {
				above = min(above, s.Start)
			}
		}
		if len(text) == 0 || strings.Contains(row.Text, "\n>") {
			continue
		}
		r := Trim(row.Text)
		got, want := lettersAlone(r.New), lettersAlone(string(text[:above]))
		ok := got == want || r.Signature != "" && strings.HasPrefix(want, got)
		if above < len(text) {
			quoting.add(ok)
		} else {
			other.add(ok)
		}
	}
	t.Logf("quagga: with a quote %v, without %v", quoting, other)
}

// lettersAlone is text without white space and rules.
func lettersAlone(s string) string {
	return strings.NewReplacer("-", "", "_", "", "=", "", "*", "", "#", "").Replace(unspace(s))
}
