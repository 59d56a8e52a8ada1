//go:build score

package language

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"kaveri/internal/corpora"
)

// TestScoreEnglish reads business mail of which all is English: the share with
// that answer, and of those with another. Mails of names and numbers alone have
// no language.
func TestScoreEnglish(t *testing.T) {
	var all, right, silent int
	var misses bytes.Buffer
	for _, row := range corpora.Labels[labelled](t, "quagga.jsonl.gz") {
		runes := []rune(row.Text)
		for _, s := range row.Expected.Spans {
			if s.Type != "Body" || s.Start < 0 || s.End > len(runes) || s.Start >= s.End {
				continue
			}
			text := string(runes[s.Start:s.End])
			if len(strings.Fields(text)) < 4 {
				continue
			}
			all++
			switch got, sure := Of(text); got {
			case "en":
				right++
			case "":
				silent++
				fmt.Fprintf(&misses, "%s\tno answer\t%.200q\n", row.File, text)
			default:
				fmt.Fprintf(&misses, "%s\t%s %.2f\t%.200q\n", row.File, got, sure, text)
			}
		}
	}
	corpora.Misses(t, "language.txt", misses.Bytes())
	wrong := all - right - silent
	t.Logf("%d bodies: %.1f %% English, %.1f %% without an answer, %.2f %% wrong", all, corpora.Percent(right, all), corpora.Percent(silent, all), corpora.Percent(wrong, all))
	if corpora.Percent(right, all) < 96 || corpora.Percent(wrong, all) > 0.5 {
		t.Error("fewer than 96 % are right, or more than 0.5 % wrong")
	}
}

// labelled is a mail whose parts people have marked.
type labelled struct {
	File, Text string
	Expected   struct {
		Spans []struct {
			Start, End int
			Type       string
		}
	}
}
