package bounce

import (
	"os"
	"strings"
	"testing"
)

// testdata/diagnostics.txt has what servers say, and what it means.
func TestDiagnostics(t *testing.T) {
	b, err := os.ReadFile("testdata/diagnostics.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for l := range strings.Lines(string(b)) {
		want, said, ok := strings.Cut(strings.TrimRight(l, "\n"), "\t")
		if !ok {
			continue // a heading
		}
		n++
		b, _, _ := read(report("Delivery failed.", "Final-Recipient: rfc822; x@example.com\nAction: failed\nDiagnostic-Code: smtp; "+said))
		if len(b.Recipients) != 1 || string(b.Recipients[0].Reason) != want {
			t.Errorf("%s: %v, not %s", said, b.Recipients, want)
		}
	}
	if n < 500 {
		t.Errorf("%d diagnostics are too few", n)
	}
}

// A phrase that holds another one which is asked before it says nothing.
func TestPhrasesAreReached(t *testing.T) {
	var asked []string
	for _, table := range [...][]said{published, sayings, mild} {
		for _, row := range table {
			for i, p := range row.phrases {
				before := append(append(asked[:len(asked):len(asked)], row.phrases[:i]...), row.phrases[i+1:]...)
				for _, q := range before {
					if q[0] != '_' && p[0] != '_' && holds(p, q) {
						t.Errorf("%s: %q is never reached behind %q", row.reason, p, q)
					}
				}
			}
			asked = append(asked, row.phrases...)
		}
	}
}

// holds reports that a text with the phrase p has the phrase q as well.
func holds(p, q string) bool {
	for _, piece := range strings.Split(p, " * ") {
		if !strings.Contains(q, " * ") && says(piece+" ", q) {
			return true
		}
	}
	return false
}
