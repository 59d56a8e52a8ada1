//go:build score

package language

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScoreEnglish reads business mail of which all is English: the share with
// that answer, and of those with another. Mails of names and numbers alone have
// no language.
func TestScoreEnglish(t *testing.T) {
	dir := os.Getenv("KAVERI_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	f, err := os.Open(filepath.Join(dir, "data/labels/quagga.jsonl.gz"))
	if err != nil {
		t.Fatalf("the corpora are missing (%v); set KAVERI_SHARED to the folder that holds data/", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all, right, silent int
	var misses bytes.Buffer
	for dec := json.NewDecoder(bufio.NewReader(z)); dec.More(); {
		var row struct {
			File, Text string
			Expected   struct {
				Spans []struct {
					Start, End int
					Type       string
				}
			}
		}
		if err := dec.Decode(&row); err != nil {
			t.Fatal(err)
		}
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
	out := os.Getenv("KAVERI_SCORE_DIR")
	if out == "" {
		out = t.TempDir()
	}
	if err := os.WriteFile(filepath.Join(out, "language.txt"), misses.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := all - right - silent
	t.Logf("%d bodies: %.1f %% English, %.1f %% without an answer, %.2f %% wrong", all, pc(right, all), pc(silent, all), pc(wrong, all))
	if pc(right, all) < 96 || pc(wrong, all) > 0.5 {
		t.Error("fewer than 96 % are right, or more than 0.5 % wrong")
	}
}

func pc(n, all int) float64 { return 100 * float64(n) / float64(max(all, 1)) }
