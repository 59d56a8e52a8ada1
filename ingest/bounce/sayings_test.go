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
