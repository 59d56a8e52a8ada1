//go:build score

package signature

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"kaveri/internal/corpora"
)

// TestScorePhones reads the signatures of business mail in which people have
// marked the phones and faxes. An American number of ten digits is one that can
// be found by its rules; extensions ("x3-0977") need the firm's own.
func TestScorePhones(t *testing.T) {
	var s score
	for _, row := range corpora.Labels[labelled](t, "quagga.jsonl.gz") {
		s.row(&row)
	}
	corpora.Misses(t, "signature-phones.txt", s.misses.Bytes())
	t.Logf("%d of %d phones and faxes found (%.1f %%), %d of them as what they are (%.1f %%); %d found that are none (precision %.1f %%)",
		s.found, s.all, corpora.Percent(s.found, s.all), s.kind, corpora.Percent(s.kind, s.all), s.extra, corpora.Percent(s.found, s.found+s.extra))
	t.Logf("positions: %d of %d found (%.1f %%); organisations: %d of %d (%.1f %%)", s.titles, s.allTitles, corpora.Percent(s.titles, s.allTitles), s.companies, s.allCompanies, corpora.Percent(s.companies, s.allCompanies))
	if corpora.Percent(s.found, s.all) < minFound || corpora.Percent(s.kind, s.all) < minKind || corpora.Percent(s.found, s.found+s.extra) < minPrecision {
		t.Error("fewer than before")
	}
}

// What was reached, minus two.
const (
	minFound     = 97.0
	minKind      = 95.5
	minPrecision = 98.0
)

type labelled struct {
	File, Text string
	Expected   struct {
		Spans []struct {
			Start, End int
			Type       string
		}
	}
}

type score struct {
	all, found, kind, extra int
	titles, allTitles       int
	companies, allCompanies int
	misses                  bytes.Buffer
}

// row judges the signatures of one text.
func (s *score) row(row *labelled) {
	runes := []rune(row.Text)
	at := func(from, to int) string { return string(runes[max(from, 0):min(to, len(runes))]) }
	for _, sign := range row.Expected.Spans {
		if sign.Type != "Body/Signature" {
			continue
		}
		got := map[string]Kind{}
		values := map[Kind]bool{}
		for _, f := range Read(at(sign.Start, sign.End), "", "US") {
			values[f.Kind] = true
			if f.Kind == Phone || f.Kind == Fax {
				got[f.Value] = f.Kind
			}
		}
		marked := false
		for _, span := range row.Expected.Spans {
			if span.Start < sign.Start || span.End > sign.End {
				continue
			}
			marked = marked || span.Type == "Body/Signature/Phone"
			switch text := at(span.Start, span.End); span.Type {
			case "Body/Signature/Phone":
				s.phone(row.File, text, Phone, got)
			case "Body/Signature/Fax":
				s.phone(row.File, text, Fax, got)
			case "Body/Signature/Position":
				s.allTitles++
				if values[Title] {
					s.titles++
				}
			case "Body/Signature/Organisation":
				s.allCompanies++
				if values[Company] {
					s.companies++
				}
			}
		}
		if !marked {
			continue // nobody marked the fields of this one
		}
		for number, k := range got {
			s.extra++
			fmt.Fprintf(&s.misses, "%s\tnot labelled\t%s %s\t%q\n", row.File, k, number, at(sign.Start, sign.End))
		}
	}
}

// phone judges a label that is a whole number.
func (s *score) phone(file, text string, k Kind, got map[string]Kind) {
	n, err := phonenumbers.Parse(text, "US")
	if err != nil || !phonenumbers.IsPossibleNumber(n) || len(phonenumbers.GetNationalSignificantNumber(n)) < 10 {
		return
	}
	s.all++
	number := phonenumbers.Format(n, phonenumbers.E164)
	is, ok := got[number]
	delete(got, number)
	switch {
	case is == k:
		s.found++
		s.kind++
		return
	case ok:
		s.found++
	}
	fmt.Fprintf(&s.misses, "%s\t%s %q\tgot %q\n", file, k, text, is)
}
