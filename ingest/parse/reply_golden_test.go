package parse

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// replyGolden is a mail of testdata/reply with what is in it.
type replyGolden struct {
	name, reason     string
	html, text, want strings.Builder
	sign, own, foot  strings.Builder
	quoted           bool
}

// signature gives the lines that the mail is signed with.
func (g *replyGolden) signature() string {
	for _, s := range []string{g.sign.String(), g.own.String(), g.foot.String()} {
		if s != "" {
			return s
		}
	}
	return ""
}

// add takes a line: "+" is new, "q" cited by the author, "-" another mail or what introduces it, "s"
// signature, "c" the author's own closing, "f" what a phone or a list adds, "<"
// the HTML of which the others say what is to come of it.
func (g *replyGolden) add(mark byte, line string) {
	if mark == '<' {
		g.html.WriteString(line + "\n")
		return
	}
	g.text.WriteString(line + "\n")
	switch mark {
	case '+', 'c', 'q':
		g.want.WriteString(line + "\n")
	}
	g.quoted = g.quoted || mark == '-' || mark == 'q'
	switch {
	case isRule(strings.TrimSpace(line)) && line != "—":
	case mark == 's':
		g.sign.WriteString(line + "\n")
	case mark == 'c':
		g.own.WriteString(line + "\n")
	case mark == 'f':
		g.foot.WriteString(line + "\n")
	}
}

// readReplyGolden reads a file of cases: "= NAME: reason", then the lines of
// the mail, each behind a mark and a space.
func readReplyGolden(t *testing.T, file string) (cases []*replyGolden) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		l := s.Text()
		if head, ok := strings.CutPrefix(l, "= "); ok {
			name, reason, ok := strings.Cut(head, ": ")
			if !ok {
				t.Fatalf("%s: no reason in %q", file, l)
			}
			cases = append(cases, &replyGolden{name: name, reason: reason})
			continue
		}
		mark, rest := l[0], strings.TrimPrefix(l[1:], " ")
		if !strings.ContainsRune("+-scfq<", rune(mark)) || cases == nil {
			t.Fatalf("%s: %q has no mark", file, l)
		}
		cases[len(cases)-1].add(mark, rest)
	}
	return cases
}

// TestReplyGolden reads mails of many programs and languages: each line of
// testdata/reply says what it is.
func TestReplyGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/reply/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".html.txt") {
			continue
		}
		for _, c := range readReplyGolden(t, file) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+c.name, func(t *testing.T) {
				r := Trim(c.text.String())
				got, want := nonBlank(r.New), nonBlank(c.want.String())
				if got != want || r.Quoted != c.quoted {
					t.Errorf("%s\nnew %q, quoted %v\nwant %q, %v", c.reason, got, r.Quoted, want, c.quoted)
				}
				if got, want := nonBlank(r.Signature), nonBlank(c.signature()); got != want {
					t.Errorf("%s\nsignature %q, want %q", c.reason, got, want)
				}
			})
		}
	}
}

// TestReplyGoldenHTML reads bodies in HTML as mail programs write them.
func TestReplyGoldenHTML(t *testing.T) {
	for _, c := range readReplyGolden(t, "testdata/reply/web.html.txt") {
		t.Run(c.name, func(t *testing.T) {
			m := Body([]byte(c.html.String()))
			if got, want := nonBlank(m.NewText), nonBlank(c.want.String()); got != want {
				t.Errorf("%s\nnew %q, want %q\nof %q", c.reason, got, want, m.Text)
			}
		})
	}
}

// TestBrokenIntroductions breaks each introduction of one line where a mail
// program may have broken it: at each space that is not too near the start, and
// at the brackets. What it introduces may be marked or not.
func TestBrokenIntroductions(t *testing.T) {
	for _, intro := range append(goldenIntroductions(t), introductions...) {
		if strings.Contains(intro, "\n") || strings.HasPrefix(intro, "##") {
			continue
		}
		for _, broken := range breaks(intro) {
			for _, quote := range []string{"\n\n> Old words.\n> Anna\n", "\n\nOld words.\n\nAnna\n", "\nOld words.\n\nAnna\n"} {
				text := "Thank you, that is fine\n\nOlli\n\n" + broken + quote
				if r := Trim(text); r.New != "Thank you, that is fine\n\nOlli" || !r.Quoted {
					t.Errorf("%s\ngave %q, quoted %v", text, r.New, r.Quoted)
				}
			}
		}
	}
}

// breaks gives a line as it is, and broken at one place each.
func breaks(s string) []string {
	out := []string{s}
	for i := range s {
		if utf8.RuneCountInString(s[:i]) < 20 {
			continue
		}
		switch s[i] {
		case ' ':
			if s[i+1] != '-' {
				out = append(out, s[:i]+"\n"+s[i+1:])
			}
		case '<':
			out = append(out, s[:i]+"\n"+s[i:], s[:i+1]+"\n"+s[i+1:], strings.TrimRight(s[:i], " ")+s[i:])
		case '>':
			out = append(out, s[:i]+"\n"+s[i:])
		}
	}
	return out
}

// goldenIntroductions are the lines of testdata/reply that introduce a quote in
// one line: the first one after a blank line, with a colon at its end.
func goldenIntroductions(t *testing.T) (intros []string) {
	files, err := filepath.Glob("testdata/reply/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, c := range readReplyGolden(t, file) {
			paragraphs := strings.Split(c.text.String(), "\n\n")
			for _, p := range paragraphs[1:] {
				l, _, _ := strings.Cut(p, "\n")
				l = strings.TrimLeft(l, "> ")
				if evidenceOf(l)&(evVerb|evAddress) != 0 && fieldOf(l, false) == 0 && strings.TrimRight(l, ":：") != l && c.quoted && len(l) > 30 && !strings.HasPrefix(l, "--") {
					intros = append(intros, l)
				}
			}
		}
	}
	return intros
}

// nonBlank gives the lines of a text that are not blank, without what is
// invisible around them.
func nonBlank(s string) string {
	var out strings.Builder
	for l := range strings.Lines(s) {
		if l = strings.TrimFunc(l, invisible); l != "" {
			out.WriteString(l + "\n")
		}
	}
	return out.String()
}
