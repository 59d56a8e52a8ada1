package campaigns

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding/charmap"
)

// showLetter gives a template file as text, or what is wrong with it.
func showLetter(data string) string {
	var b strings.Builder
	l, err := ReadLetter([]byte(data))
	var wrong SyntaxErrors
	switch {
	case errors.As(err, &wrong):
		for _, e := range wrong {
			fmt.Fprintf(&b, "%s\n%s\n", e, e.Caret())
		}
		return b.String()
	case err != nil:
		return "ERROR: " + err.Error() + "\n"
	}
	fmt.Fprintf(&b, "%s, from %q <%s>, answers to %q, list %q\n", l.Charset, l.From.Name, l.From.Address, l.ReplyTo.Address, l.ListID)
	for _, f := range l.Texts.Fields() {
		fmt.Fprintf(&b, "field %s, line %d, column %d", f.Name, f.Line, f.Col)
		if f.Required {
			b.WriteString(", required")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "subject: %q\ntext: %q\nhtml: %q\n", l.Template.Subject, l.Template.Text, l.Template.HTML)
	return b.String()
}

// TestLetter runs testdata/letter.
func TestLetter(t *testing.T) { eachCase(t, "letter", showLetter) }

// A file of an old editor is read as what it is.
func TestLetterWindows(t *testing.T) {
	data, err := charmap.Windows1252.NewEncoder().String("Subject: Hyvää päivää\r\nFrom: Äijä <a@oy.example>\r\n\r\nHei {{ nimi | default: \"ystävä\" }}\r\n")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLetter([]byte(data))
	if err != nil || l.Charset != "windows-1252" || l.From.Name != "Äijä" || l.Template.Text != "Hei {{ nimi | default: \"ystävä\" }}\n" {
		t.Errorf("%+v, %v", l, err)
	}
}

// FuzzLetter: any bytes are read, or every error has a place in the file.
func FuzzLetter(f *testing.F) {
	files, _ := filepath.Glob("testdata/letter/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ReadLetter(data)
		var wrong SyntaxErrors
		if errors.As(err, &wrong) {
			for _, e := range wrong {
				if e.Caret(); e.Line < 1 || e.Col < 1 {
					t.Errorf("%s lies outside", e)
				}
			}
		}
		if err != nil {
			return
		}
		if l.From.Address == "" || l.Template.Text == "" && l.Template.HTML == "" || strings.ContainsAny(l.Template.Subject, "\r\n") {
			t.Errorf("%+v", l)
		}
		if _, err := CompileTemplate(l.Template); err != nil {
			t.Errorf("the file compiles and its texts do not: %v", err)
		}
	})
}
