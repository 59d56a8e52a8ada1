//go:build score

package parse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"kaveri/crm"
	"kaveri/internal/corpora"

	"golang.org/x/net/html/charset"
)

// The labels are what other parsers made of these mails. A row is right when
// every labelled field of it is; a difference that we stand by remains a miss
// and is listed with its reason.

func TestScoreMIME(t *testing.T) {
	dir := corpora.Dir(t)
	sets := []struct {
		name, labels string
		judge        func(dir string, row corpora.Row, raw []byte, m *crm.Message) []string
	}{
		{"stalwart-mime", "stalwart-mime.jsonl.gz", judgeStalwart},
		{"webklex-imap", "webklex-imap.jsonl", judgeWebklex},
		{"zammad-mail", "zammad-mail.jsonl", judgeZammad},
		{"mime4j", "mime4j.jsonl.gz", judgeMime4j},
	}
	var report bytes.Buffer
	right, all := 0, 0
	for _, set := range sets {
		good, n := 0, 0
		for _, row := range corpora.Labels[corpora.Row](t, set.labels) {
			raw := corpora.Mail(t, row.File)
			n++
			wrong := set.judge(dir, row, raw, Message(raw))
			if len(wrong) == 0 {
				good++
				continue
			}
			why := "not understood yet"
			for file, reason := range stands {
				if strings.HasSuffix(row.File, file) {
					why = reason
				}
			}
			fmt.Fprintf(&report, "%s\n    %s\n    reason: %s\n", row.File, strings.Join(wrong, "\n    "), why)
		}
		right, all = right+good, all+n
		fmt.Fprintf(&report, "%s: %d of %d right, %.1f %%\n\n", set.name, good, n, 100*float64(good)/float64(n))
	}
	pooled := 100 * float64(right) / float64(all)
	fmt.Fprintf(&report, "pooled: %d of %d right, %.1f %%\n", right, all, pooled)
	corpora.Misses(t, "mime.txt", report.Bytes())
	t.Log("\n" + report.String())
	if pooled < 97 {
		t.Errorf("pooled %.1f %% is below 97 %%", pooled)
	}
}

// stands are the misses that we keep, and why.
var stands = map[string]string{
	"thirdparty/015.eml":                       "three mails are attached and each is closed by the outer delimiter (RFC 2046 §5.1.2); the label takes all into the first",
	"example_bounce.eml":                       "the sum in the label is that of the attached mail without its last two bytes; the part ends where the mail ends",
	"mail19.box":                               "the label takes the address of Reply-To for an empty From; we do not say that somebody wrote who is only to be answered",
	"malformedHeaderStartsBody-nocrlfcrlf.msg": "a line without colon in the header: the label moves it into the body, we drop it (the raw has it)",
}

// folded compares texts by their words.
func folded(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == 0 {
			return -1
		}
		if r == 0xa0 || unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func differ(field, got, want string) []string {
	if folded(got) == folded(want) || lostMatch(folded(got), folded(want)) {
		return nil
	}
	return []string{fmt.Sprintf("%s: got %.200q want %.200q", field, folded(got), folded(want))}
}

// lostMatch compares with a label in which the other parser lost characters
// (U+FFFD): what it did read must be in ours, in the same places.
func lostMatch(got, want string) bool {
	if !strings.Contains(want, "\uFFFD") {
		return false
	}
	var re strings.Builder
	for _, r := range want {
		if r == '\uFFFD' {
			re.WriteString(".?")
		} else {
			re.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	ok, _ := regexp.MatchString("^"+re.String()+"$", got)
	return ok
}

// judgeStalwart: the labels come with the other parser's choices, which are
// undone where they are choices and not contents: text parts whose structure
// is damaged are attachments there and text here; attachments that are no
// base64 may differ in line ends; uuencode is not decoded there; a path in a
// file name stays there and goes here (RFC 2183 §2.3).
func judgeStalwart(_ string, row corpora.Row, raw []byte, m *crm.Message) (wrong []string) {
	var e struct {
		HTML  []int `json:"html_body"`
		Text  []int `json:"text_body"`
		Att   []int `json:"attachments"`
		Parts []struct {
			Headers []struct {
				Name  any             `json:"name"`
				Value json.RawMessage `json:"value"`
			} `json:"headers"`
			Problem bool            `json:"is_encoding_problem"`
			Body    json.RawMessage `json:"body"`
		} `json:"parts"`
	}
	if err := json.Unmarshal(row.Expected, &e); err != nil {
		return []string{err.Error()}
	}
	type ctype struct {
		ContentType struct {
			Type       string                         `json:"c_type"`
			Subtype    string                         `json:"c_subtype"`
			Attributes []struct{ Name, Value string } `json:"attributes"`
		}
	}
	for _, h := range e.Parts[0].Headers {
		switch h.Name {
		case "subject":
			var v struct{ Text string }
			json.Unmarshal(h.Value, &v)
			wrong = append(wrong, differ("subject", m.Subject, v.Text)...)
		case "from":
			var v struct {
				Address struct {
					List []struct{ Name, Address string }
				}
			}
			json.Unmarshal(h.Value, &v)
			if len(v.Address.List) > 0 {
				w := v.Address.List[0]
				p := m.Author()
				if w.Address != "" {
					wrong = append(wrong, differ("from", p.Written, w.Address)...)
				}
				wrong = append(wrong, differ("from name", p.Name, w.Name)...)
			}
		}
	}
	body := func(i int) map[string]json.RawMessage {
		var b map[string]json.RawMessage
		json.Unmarshal(e.Parts[i].Body, &b)
		return b
	}
	var text []string
	for _, i := range e.Text {
		b := body(i)
		if v, ok := b["Text"]; ok {
			var s string
			json.Unmarshal(v, &s)
			text = append(text, s)
		} else if v, ok := b["Html"]; ok {
			var s string
			json.Unmarshal(v, &s)
			text = append(text, wordsOfHTML(s))
		}
	}
	damaged := false
	var att []int
	for _, i := range e.Att {
		p := e.Parts[i]
		typ := "text/plain"
		for _, h := range p.Headers {
			if h.Name == "content_type" {
				var v ctype
				json.Unmarshal(h.Value, &v)
				typ = v.ContentType.Type + "/" + v.ContentType.Subtype
			}
		}
		v, isText := body(i)["Text"]
		if h, ok := body(i)["Html"]; ok {
			v, isText = h, true
		}
		if isText && (p.Problem && (typ == "text/plain" || typ == "text/html") || strings.HasPrefix(typ, "multipart/")) {
			var s string
			json.Unmarshal(v, &s)
			text = append(text, s)
			damaged = true
			continue
		}
		att = append(att, i)
	}
	e.Att = att
	all := strings.Join(text, "\n")
	if strings.Contains(all, "\nContent-Type:") {
		damaged = true
	}
	if got, want := lettersOf(m.Text), lettersOf(all); damaged {
		wrong = append(wrong, wordsLost(m, all)...)
	} else if got != want && !lostMatch(got, want) && (want != "" || len(e.HTML) == 0) {
		wrong = append(wrong, fmt.Sprintf("text: got %.300q want %.300q", m.Text, strings.Join(text, "\n")))
	}
	var htmls []string
	for _, i := range e.HTML {
		if v, ok := body(i)["Html"]; ok {
			var s string
			json.Unmarshal(v, &s)
			htmls = append(htmls, s)
		}
	}
	for _, h := range htmls {
		if !strings.Contains(folded(m.HTML), folded(h)) {
			wrong = append(wrong, fmt.Sprintf("html: got %.200q want %.200q", folded(m.HTML), folded(h)))
		}
	}
	if len(m.Attachments) != len(e.Att) {
		return append(wrong, fmt.Sprintf("attachments: got %d want %d", len(m.Attachments), len(e.Att)))
	}
	for k, i := range e.Att {
		name, cname := "", ""
		for _, h := range e.Parts[i].Headers {
			var v ctype
			json.Unmarshal(h.Value, &v)
			for _, a := range v.ContentType.Attributes {
				if h.Name == "content_disposition" && a.Name == "filename" {
					name = a.Value
				}
				if h.Name == "content_type" && a.Name == "name" {
					cname = a.Value
				}
			}
		}
		if name == "" {
			name = cname
		}
		got := m.Attachments[k]
		if strings.HasPrefix(name, "C:") && strings.HasSuffix(name, got.Name) && got.Name != "" {
			name = got.Name
		}
		if name != "" {
			wrong = append(wrong, differ("attachment name", got.Name, name)...)
		}
		b := body(i)
		for _, kind := range []string{"Binary", "InlineBinary"} {
			if v, ok := b[kind]; ok {
				var bin []int
				json.Unmarshal(v, &bin)
				data := make([]byte, len(bin))
				for j, x := range bin {
					data[j] = byte(x)
				}
				ours, _, _ := Part(raw, got.Part)
				if !sameBytes(ours, data) && !sameBytes(ours, decodeUU(data)) {
					wrong = append(wrong, fmt.Sprintf("attachment %d: got %d bytes want %d", k, got.Size, len(data)))
				}
			}
		}
	}
	return wrong
}

// sameBytes compares contents but for the kind of line ends.
func sameBytes(a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(bytes.ReplaceAll(a, []byte("\r\n"), []byte("\n")), bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")))
}

// wordsLost is the comparison for damaged structure: no word of the label's
// text may be missing from ours, delimiter and part header lines aside.
func wordsLost(m *crm.Message, want string) (wrong []string) {
	ours := folded(m.Text + " " + m.HTML)
	for _, line := range strings.Split(want, "\n") {
		if strings.HasPrefix(line, "--") || strings.HasPrefix(line, "Content-") {
			continue
		}
		for _, w := range strings.Fields(wordsOfHTML(line)) {
			if !strings.Contains(ours, w) && !strings.Contains(w, "\uFFFD") {
				wrong = append(wrong, fmt.Sprintf("word %q lost; text %.200q", w, m.Text))
			}
		}
	}
	return wrong
}

var imageText = regexp.MustCompile(`\[[^\]\n]*\]|<https?:[^>]*>`)

// lettersOf drops white space and what html and flowed text add.
func lettersOf(s string) string {
	s = imageText.ReplaceAllString(s, "")
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == 0 || r == '>' || r == 0xa0 {
			return -1
		}
		return r
	}, s)
}

// wordsOfHTML is a crude second opinion on the text of HTML.
func wordsOfHTML(s string) string {
	low := strings.ToLower(s)
	for _, el := range []string{"title", "style", "script"} {
		for {
			i := strings.Index(low, "<"+el)
			j := strings.Index(low, "</"+el+">")
			if i < 0 || j < i {
				break
			}
			s, low = s[:i]+s[j+len(el)+3:], low[:i]+low[j+len(el)+3:]
		}
	}
	var b strings.Builder
	in := false
	for _, r := range s {
		switch {
		case r == '<':
			in = true
		case r == '>' && in:
			in = false
			b.WriteByte(' ')
		case !in:
			b.WriteRune(r)
		}
	}
	return html.UnescapeString(b.String())
}

type attachmentLabel struct {
	Filename    string `json:"filename"`
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	SHA256      string `json:"sha256"`
	Size        *int64 `json:"size"`
	Content     string `json:"content"`
}

func judgeWebklex(_ string, row corpora.Row, raw []byte, m *crm.Message) (wrong []string) {
	var e struct {
		Subject     *string           `json:"subject"`
		GetSubject  *string           `json:"getSubject"`
		From        *string           `json:"from"`
		To          *string           `json:"to"`
		MessageID   *string           `json:"message_id"`
		Text        *string           `json:"getTextBody"`
		HTML        *string           `json:"getHTMLBody"`
		HasText     *bool             `json:"has_text"`
		HasHTML     *bool             `json:"has_html"`
		Attachments *int              `json:"attachments"`
		Details     []attachmentLabel `json:"attachment_details"`
	}
	if err := json.Unmarshal(row.Expected, &e); err != nil {
		return []string{err.Error()}
	}
	if e.Subject == nil {
		e.Subject = e.GetSubject
	}
	if e.Subject != nil {
		wrong = append(wrong, differ("subject", m.Subject, *e.Subject)...)
	}
	if e.From != nil {
		wrong = append(wrong, differ("from", partyText(m.Author()), *e.From)...)
	}
	if e.MessageID != nil {
		wrong = append(wrong, differ("message id", m.MessageID, *e.MessageID)...)
	}
	if e.To != nil {
		var to []string
		for _, p := range m.To {
			to = append(to, partyText(p))
		}
		wrong = append(wrong, differ("to", strings.Join(to, ", "), *e.To)...)
	}
	if e.Text != nil {
		wrong = append(wrong, differ("text", m.Text, *e.Text)...)
	}
	if e.HTML != nil {
		wrong = append(wrong, differ("html", m.HTML, *e.HTML)...)
	}
	if e.HasText != nil && *e.HasText != (m.TextSource == crm.TextPlain && strings.TrimSpace(m.Text) != "") {
		wrong = append(wrong, fmt.Sprintf("has_text: got %v", !*e.HasText))
	}
	if e.HasHTML != nil && *e.HasHTML != (m.HTML != "") {
		wrong = append(wrong, fmt.Sprintf("has_html: got %v", !*e.HasHTML))
	}
	if e.Attachments != nil && *e.Attachments != len(m.Attachments) {
		wrong = append(wrong, fmt.Sprintf("attachments: got %d want %d", len(m.Attachments), *e.Attachments))
	}
	for _, d := range e.Details {
		found := false
		for _, a := range m.Attachments {
			sum := hex.EncodeToString(a.SHA256[:])
			if (made(d.Name) || a.Name == d.Name) && (d.SHA256 == sum || d.SHA256 == "" && (d.Size == nil || *d.Size == a.Size)) /* the sizes beside a sum are of the encoded part */ {
				found = true
			}
			if d.Content != "" && a.Name == d.Name {
				b, _, _ := Part(raw, a.Part)
				found = folded(string(b)) == folded(d.Content)
			}
		}
		if !found {
			// A label row may put together what was asked of several
			// attachments, and line-based contents are CRLF there.
			name, sum := made(d.Name), d.SHA256 == ""
			for _, a := range m.Attachments {
				b, _, _ := Part(raw, a.Part)
				crlf := sha256.Sum256(bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n")))
				name = name || a.Name == d.Name
				sum = sum || d.SHA256 == hex.EncodeToString(a.SHA256[:]) || d.SHA256 == hex.EncodeToString(crlf[:])
			}
			found = name && sum
		}
		if !found {
			wrong = append(wrong, fmt.Sprintf("attachment %s (%d bytes) not among %s", d.Name, *d.Size, attachmentList(m)))
		}
	}
	return wrong
}

// made reports names that the other parser made up: hexadecimal digests.
func made(name string) bool {
	return len(name) == 8 && strings.Trim(name, "0123456789abcdef") == ""
}

func attachmentList(m *crm.Message) string {
	var s []string
	for _, a := range m.Attachments {
		s = append(s, fmt.Sprintf("%s %q %s %d %.6x", a.Part, a.Name, a.Type, a.Size, a.SHA256))
	}
	return strings.Join(s, "; ")
}

func partyText(p crm.Party) string {
	switch {
	case p.Written == "":
		return p.Name
	case p.Name == "" || p.Name == p.Written:
		return p.Written
	}
	return p.Name + " <" + p.Written + ">"
}

func judgeZammad(_ string, row corpora.Row, _ []byte, m *crm.Message) (wrong []string) {
	var e struct {
		Email       *string           `json:"from_email"`
		Name        *string           `json:"from_display_name"`
		Subject     *string           `json:"subject"`
		ContentType *string           `json:"content_type"`
		Plain       *string           `json:"body_plain"`
		Attachments []attachmentLabel `json:"attachments"`
	}
	if err := json.Unmarshal(row.Expected, &e); err != nil {
		return []string{err.Error()}
	}
	p := m.Author()
	if e.Email != nil {
		wrong = append(wrong, differ("from", p.Written, *e.Email)...)
	}
	if e.Name != nil {
		wrong = append(wrong, differ("from name", p.Name, *e.Name)...)
	}
	if e.Subject != nil {
		wrong = append(wrong, differ("subject", m.Subject, *e.Subject)...)
	}
	if e.Plain != nil {
		wrong = append(wrong, differ("text", m.Text, *e.Plain)...)
	}
	if e.ContentType != nil && (*e.ContentType == "text/html") != (m.HTML != "") {
		wrong = append(wrong, "content type: want "+*e.ContentType)
	}
	var want []string
	for _, a := range e.Attachments {
		// The help desk files the HTML body as an attachment of this name
		// and numbers attachments that have none.
		if a.Filename != "message.html" {
			want = append(want, a.Filename)
		}
	}
	for i, name := range want {
		if i >= len(m.Attachments) {
			return append(wrong, fmt.Sprintf("attachments: got %s want %q", attachmentList(m), want))
		}
		found := strings.HasPrefix(name, "file-")
		for _, a := range m.Attachments {
			found = found || folded(a.Name) == folded(name)
		}
		if !found {
			wrong = append(wrong, fmt.Sprintf("attachment %q not among %s", name, attachmentList(m)))
		}
	}
	return wrong
}

// judgeMime4j reads the structure as XML with the decoded bytes of each part
// in a file: every part must be found again, in the text, in the HTML or as an
// attachment; binary parts as attachments.
func judgeMime4j(dir string, row corpora.Row, raw []byte, m *crm.Message) (wrong []string) {
	var e struct {
		XML   string   `json:"decoded_xml"`
		Parts []string `json:"part_files"`
	}
	if err := json.Unmarshal(row.Expected, &e); err != nil {
		return []string{err.Error()}
	}
	root := filepath.Dir(filepath.Join(dir, row.File))
	dec := xml.NewDecoder(strings.NewReader(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return -1
		}
		return r
	}, e.XML)))
	dec.Strict = false
	depth, messages, skip := 0, 0, 0
	type part struct {
		file   string
		binary bool
	}
	var parts []part
	inner := 0
	var field strings.Builder
	inField := false
	seen := map[string]bool{}
	for {
		tok, err := dec.Token()
		if err != nil {
			break
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			depth++
			switch tok.Name.Local {
			case "message":
				messages++
				if messages == 2 && skip == 0 {
					skip = depth
					inner++
				}
			case "field":
				inField = true
				field.Reset()
			case "text-body", "binary-body":
				if skip == 0 {
					parts = append(parts, part{tok.Attr[0].Value, tok.Name.Local == "binary-body"})
				}
			}
		case xml.CharData:
			if inField {
				field.Write(tok)
			}
		case xml.EndElement:
			switch tok.Name.Local {
			case "message":
				messages--
			case "field":
				inField = false
				name, value, ok := strings.Cut(strings.TrimLeft(field.String(), "\r\n"), ":")
				name = strings.ToLower(name)
				if ok && messages == 1 && depth == 3 && !seen[name] {
					seen[name] = true
					wd := mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
					if d, err := wd.DecodeHeader(strings.NewReplacer("\r\n", "", "\n", "").Replace(value)); err == nil && utf8.ValidString(d) {
						value = d
					}
					switch name {
					case "subject":
						wrong = append(wrong, differ("subject", m.Subject, value)...)
					case "from":
						p := m.Author()
						if !strings.Contains(value, p.Written) || !strings.Contains(folded(strings.NewReplacer(`"`, "", `\`, "").Replace(value)), folded(p.Name)) {
							wrong = append(wrong, fmt.Sprintf("from: got %q want %q", partyText(p), value))
						}
					}
				}
			}
			if depth == skip {
				skip = 0
			}
			depth--
		}
	}
	if n := len(parts) + inner; len(m.Attachments) > n {
		wrong = append(wrong, fmt.Sprintf("attachments: got %s want at most %d", attachmentList(m), n))
	}
	var text strings.Builder
	for _, p := range parts {
		data, err := os.ReadFile(filepath.Join(root, p.file))
		if err != nil {
			return append(wrong, err.Error())
		}
		sum := sha256.Sum256(data)
		found := false
		for _, a := range m.Attachments {
			b, _, _ := Part(raw, a.Part)
			found = found || a.SHA256 == sum || !p.binary && folded(string(b)) == folded(string(data))
		}
		if !found && !p.binary {
			s, _ := decodeBytes(data, "")
			s = folded(s)
			found = s == "" || strings.Contains(folded(m.Text), s) || strings.Contains(folded(m.HTML), s)
			for _, cs := range []string{"koi8-r", "iso-8859-1", "us-ascii"} {
				s, _ := decodeBytes(data, cs)
				found = found || strings.Contains(folded(m.Text), folded(s))
			}
			text.WriteString(s)
		}
		if !found {
			wrong = append(wrong, fmt.Sprintf("part %s (%d bytes) %.100q not found in text %.300q or among %s", p.file, len(data), data, m.Text, attachmentList(m)))
		}
	}
	return wrong
}

func timed(raw []byte) (*crm.Message, time.Duration) {
	start := time.Now()
	m := Message(raw)
	return m, time.Since(start)
}

// TestScoreRobust parses every file of every corpus, mail or not, and checks
// what must hold for any bytes.
func TestScoreRobust(t *testing.T) {
	dir := corpora.Dir(t)
	files, mails := 0, 0
	var slowest time.Duration
	var slow string
	check := func(name string, raw []byte) {
		mails++
		m, took := timed(raw)
		limit := time.Duration(len(raw))*2*time.Microsecond + 50*time.Millisecond
		for try := 0; took > limit && try < 5; try++ { // a machine that did something else meanwhile
			_, again := timed(raw)
			took = min(took, again)
		}
		if took > slowest {
			slowest, slow = took, name
		}
		if took > limit {
			t.Errorf("%s: %v for %d bytes", name, took, len(raw))
		}
		if err := wellFormed(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		Hash(raw)
		for _, a := range m.Attachments {
			b, got, err := Part(raw, a.Part)
			if err != nil || int64(len(b)) != a.Size || got.SHA256 != a.SHA256 || sha256.Sum256(b) != a.SHA256 {
				t.Errorf("%s: part %s cannot be cut again: %v", name, a.Part, err)
			}
		}
	}
	one := func(name string, raw []byte) {
		files++
		check(name, raw)
		if bytes.HasPrefix(raw, []byte("From ")) { // an mbox: its mails one by one
			for _, mail := range bytes.Split(raw, []byte("\nFrom ")) {
				check(name+" (mbox)", mail)
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if strings.HasPrefix(rel, "labels") || strings.HasPrefix(rel, "orders") {
			return nil
		}
		if strings.HasSuffix(path, ".tar.gz") {
			corpora.EachMail(t, rel, one)
			return nil
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			one(rel, raw)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d mails; slowest %s: %v", files, mails, slow, slowest)
}
