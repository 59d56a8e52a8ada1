package parse

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kaveri/crm"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenForm is what a golden file keeps of a mail.
type goldenForm struct {
	Reason      string   // why the case exists
	Subject     string   `json:",omitempty"`
	Date        string   `json:",omitempty"`
	MessageID   string   `json:",omitempty"`
	InReplyTo   []string `json:",omitempty"`
	References  []string `json:",omitempty"`
	From        []string `json:",omitempty"`
	ReplyTo     []string `json:",omitempty"`
	To          []string `json:",omitempty"`
	Cc          []string `json:",omitempty"`
	Class       crm.Class
	Why         []string
	TextSource  string
	Text        []string `json:",omitempty"` // by line
	HTML        string   `json:",omitempty"`
	Attachments []string `json:",omitempty"`
	Guessed     bool     `json:",omitempty"`
	Lossy       bool     `json:",omitempty"`
	Defects     []string `json:",omitempty"`
}

func people(ps []crm.Party) []string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Name+" <"+string(p.Address)+">")
	}
	return out
}

// TestGolden reads testdata/mail/NAME.eml, whose first lines say why it is
// there ("# ..."), and compares with NAME.json. In the mails a line end is LF;
// the escapes \xNN and \r in a line stand for bytes that editors spoil.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			reason, raw := readCase(t, file)
			m := Message(raw)
			if err := wellFormed(m); err != nil {
				t.Error(err)
			}
			g := goldenForm{Reason: reason, Subject: m.Subject, MessageID: m.MessageID, InReplyTo: m.InReplyTo, References: m.References,
				From: people(m.From), ReplyTo: people(m.ReplyTo), To: people(m.To), Cc: people(m.Cc), Class: m.Class, Why: m.ClassReasons,
				TextSource: m.TextSource, HTML: m.HTML, Guessed: m.CharsetGuessed, Lossy: m.Lossy, Defects: m.Defects}
			if !m.Date.IsZero() {
				g.Date = m.Date.Format("2006-01-02T15:04:05Z")
			}
			if m.Text != "" {
				g.Text = strings.Split(m.Text, "\n")
			}
			for _, a := range m.Attachments {
				b, _, err := Part(raw, a.Part)
				if err != nil || int64(len(b)) != a.Size {
					t.Errorf("part %s cannot be cut: %v", a.Part, err)
				}
				line := a.Part + " " + a.Type + " " + a.Name
				if a.Inline {
					line += " (inline)"
				}
				if len(b) < 60 {
					line += ": " + validText(string(b))
				}
				g.Attachments = append(g.Attachments, line)
			}
			var buf bytes.Buffer
			enc := json.NewEncoder(&buf)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(g); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, buf.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(buf.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", buf.Bytes(), want)
			}
		})
	}
}

func readCase(t testing.TB, file string) (reason string, raw []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := string(b)
	for strings.HasPrefix(s, "# ") {
		line, rest, _ := strings.Cut(s, "\n")
		reason += " " + line[2:]
		s = rest
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' && unhex[s[i+2]] < 16 && unhex[s[i+3]] < 16 {
			raw = append(raw, unhex[s[i+2]]<<4|unhex[s[i+3]])
			i += 3
		} else if s[i] == '\\' && i+1 < len(s) && s[i+1] == 'r' {
			raw = append(raw, '\r')
			i++
		} else {
			raw = append(raw, s[i])
		}
	}
	return strings.TrimSpace(reason), raw
}
