package housetest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// senders are the packages that send, and mailFiles the files elsewhere in which mail that leaves is written, kept and
// filed.
var (
	senders   = []string{"outbound", "outbound/compose", "campaigns"}
	mailFiles = []string{"store/drafts.go", "store/drafts_send.go", "store/outgoing.go", "store/filing.go", "store/mailings.go", "store/recipients.go", "store/snippets.go",
		"ingest/sent.go", "web/drafts.go", "web/draft.go", "web/draftsave.go", "web/reply.go", "web/snippets.go", "cmd/kaveri/postbox.go", "cmd/kaveri/sending.go"}
)

// noteName is what has to do with colleagues' notes, in code; noteTable in SQL.
var (
	noteName  = regexp.MustCompile(`^(Note|NoteID|NoteKind\w*|AddNote|NoteForm|TimelineItem|Timeline)$`)
	noteTable = regexp.MustCompile(`\b(FROM|JOIN|INTO|UPDATE)\s+notes\b`)
)

// NotesStay checks that colleagues' notes have no way into a mail: what sends, and what mail is made from, knows nothing
// of them. Mails that carried an internal note to the customer are what other programs are blamed for.
func NotesStay(t *Tree) []string {
	var complaints []string
	for name, f := range t.goFiles {
		if isTest(name) || !slices.Contains(senders, path.Dir(name)) && !slices.Contains(mailFiles, name) {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if noteName.MatchString(n.Sel.Name) {
					complaints = append(complaints, fmt.Sprintf("%s: %s where mail is made: notes have no way into a mail", t.at(n), n.Sel.Name))
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING && noteTable.MatchString(strings.ReplaceAll(n.Value, "\n", " ")) {
					complaints = append(complaints, fmt.Sprintf("%s: reads notes where mail is made: notes have no way into a mail", t.at(n)))
				}
			}
			return true
		})
	}
	if _, real := t.Files["go.mod"]; real {
		for _, name := range mailFiles {
			if _, ok := t.Files[name]; !ok {
				complaints = append(complaints, name+": is not there any more; name the file that took its place in internal/housetest/notes.go")
			}
		}
	}
	slices.Sort(complaints)
	return complaints
}
