package segment_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/internal/testsegment"
)

// canonical gives the canonical text of a rule.
func canonical(t testing.TB, text string) string {
	t.Helper()
	r, err := segment.Parse(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return r.String()
}

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		`rung is one-time and due after 14 days and wishes about "lake cruises"`: "",
		"RUNG IS  One Time\nAND (due after 14 Day)":                              "rung is one-time and due after 14 days",
		"everybody": "",
		"not (rung is quiet or timing is on time) and orders >= 3":              "not (rung is quiet or timing is on-time) and orders at least 3",
		"rung is quiet or rung is lapsed and not reachable":                     "",
		"(rung is quiet or rung is lapsed) and not not reachable":               "",
		"((rung is quiet)) and (reachable and (suppressed))":                    "rung is quiet and reachable and suppressed",
		"rung is any of loyal,advocate and note is was loyal":                   "rung is one of loyal, advocate and note is was-loyal",
		"full-price share > 60% and spent > 19.9":                               "full-price share more than 60 % and spent more than 19.90",
		"spent at least 500.00 within 1 year":                                   "spent at least 500 in the last 1 year",
		"orders between 2 and 5 and last order over 3 months ago":               "orders between 2 and 5 and last order more than 3 months ago",
		`bought earl-grey at full price and bought "after" in the last 2 weeks`: `bought "earl-grey" at full price and bought "after" in the last 2 weeks`,
		`wishes open about “size 42”`:                                           `wishes about "size 42" open`,
		`tagged "a \"b\" \\ c"`:                                                 "",
		"wrote more than 30 days ago or wrote":                                  "last wrote more than 30 days ago or wrote",
		"received any campaign in the last 30 days":                             "received a campaign in the last 30 days",
		`received "a campaign"`:                                                 "",
		"bought anything at full price":                                         "",
		"language is FI and owner is Anna@Firm.example":                         "language is fi and owner is anna@firm.example",
		"rung was loyal on 2026-01-31 and is an organisation":                   "",
	} {
		if want == "" {
			want = text
		}
		if got := canonical(t, text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, place, says string }{
		{"", "1:1", "the rule is empty"},
		{"rung is onetime", "1:9", "did you mean one-time?"},
		{"rang is one-time", "1:1", `no condition begins with "rang"; did you mean rung?`},
		{"rung is one-time and", "1:21", "a condition is missing at the end"},
		{"rung is one-time and or reachable", "1:22", `a condition is missing before "or"`},
		{"rung is one-time due after 14 days", "1:18", `expected "and", "or" or the end; "due" stands here`},
		{"rung is one-time\nand due after 14 dais", "2:18", "did you mean days?"},
		{"rung is one-time and due after 14", "1:34", "days, weeks, months or years; the end stands here"},
		{"wrote in the last 30", "1:21", "days, weeks, months or years"},
		{"first ordr in the last 3 days", "1:7", `did you mean order?`},
		{"wishes about lake cruises", "1:19", "put quotation marks around a name of several words"},
		{"(rung is quiet or reachable", "1:1", "is not closed"},
		{"rung is quiet)", "1:14", "this bracket closes none"},
		{`wishes about "lake`, "1:14", "is not closed"},
		{`wishes about "!?"`, "1:14", "at least one word"},
		{`tagged ""`, "1:8", "nothing stands between"},
		{"overdue", "1:8", `expected "after", "within", "since", "before" or "on"; the end stands here`},
		{"orders between 5 and 2", "1:22", "not below the first one"},
		{"full-price share at least 160 %", "1:27", "0 to 100 %"},
		{"spent at least 5,00", "1:17", `"," stands here`},
		{"rung was loyal on 2026-02-31", "1:19", "a day like 2026-03-01"},
		{"due after 200 years", "1:11", "at most 100 years"},
		{"äö\nrung is ääää", "1:1", "no condition begins with"},
		{strings.Repeat("not ", 30) + "reachable", "1:101", "deep within each other"},
		{"tagged \"a\x00b\"", "1:10", "control character"},
		{"tagged \xff", "1:8", "UTF-8"},
		{strings.Repeat("reachable or ", 200) + "reachable", "1:1301", "more than 100 conditions"},
		{strings.Repeat(" ", 9000), "1:8001", "longer than 8000"},
	} {
		_, err := segment.Parse(c.text)
		var e *segment.Error
		if !errors.As(err, &e) {
			t.Errorf("%q: no error", c.text)
			continue
		}
		if !strings.HasPrefix(err.Error(), "line "+strings.Replace(c.place, ":", ", column ", 1)+": ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v; want %s, %s", c.text, err, c.place, c.says)
		}
		if crm.KindOf(err) != crm.KindInvalid || crm.FieldOf(err) != "segment" {
			t.Errorf("%q: an error of kind %v, field %q", c.text, crm.KindOf(err), crm.FieldOf(err))
		}
	}
}

func TestCaret(t *testing.T) {
	text := "rung is loyal\nand tagged \"ä\" and rang is quiet"
	_, err := segment.Parse(text)
	var e *segment.Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if got, want := e.Caret(text), "and tagged \"ä\" and rang is quiet\n                   ^^^^"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What is printed is read again as the same rule.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := testsegment.Rules().Draw(t, "rule")
		text := r.String()
		back, err := segment.Parse(text)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if back.String() != text || !testsegment.Same(r, back) {
			t.Fatalf("%s\nis read as %s\n%+v\n%+v", text, back, r, back)
		}
	})
}

// Each field is complete: its examples are read and use it, every form of it is
// drawn by the generator, and it is explained in both languages.
func TestFields(t *testing.T) {
	for _, f := range segment.Fields() {
		if f.Help.English == "" || f.Help.Finnish == "" || len(f.Examples) == 0 {
			t.Errorf("%s: help or examples are missing", f.Name)
		}
		for _, e := range f.Examples {
			r, err := segment.Parse(e)
			if err != nil {
				t.Errorf("%s: %s: %v", f.Name, e, err)
				continue
			}
			if r.String() != e {
				t.Errorf("%s: the example %s is written %s", f.Name, e, r)
			}
			if !slices.ContainsFunc(r.Conditions(), func(c *segment.Condition) bool { return c.Field == f.Name }) {
				t.Errorf("%s: the example %s is not of it", f.Name, e)
			}
		}
	}
}

// The essay of the package lists each form.
func TestGrammar(t *testing.T) {
	b, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if want := grammar(); !strings.Contains(string(b), want) {
		t.Errorf("doc.go must have:\n%s", want)
	}
}

// grammar lists the forms of all fields; those of several fields that differ in
// nothing but the name stand together.
func grammar() string {
	var order []string
	names := map[string][]string{}
	for _, f := range segment.Fields() {
		var forms []string
		for _, form := range f.Forms() {
			p := form.Pattern
			if rest, ok := strings.CutPrefix(p, f.Name+" "); ok {
				p = "~ " + rest
			} else if p == f.Name {
				p = "~"
			}
			forms = append(forms, "//\t    "+p+"\n")
		}
		all := strings.Join(forms, "")
		if names[all] == nil {
			order = append(order, all)
		}
		names[all] = append(names[all], f.Name)
	}
	var b strings.Builder
	for _, all := range order {
		b.WriteString("//\t" + strings.Join(names[all], ", ") + ":\n" + all)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, field := range segment.Fields() {
		for _, e := range field.Examples {
			f.Add(e + " and not (" + e + ")")
		}
	}
	f.Add("rung is \"")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := segment.Parse(text)
		if err != nil {
			var e *segment.Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(text) || e.Line < 1 || e.Column < 1 {
				t.Fatalf("%q: %v", text, err)
			}
			e.Caret(text)
			return
		}
		if back, err := segment.Parse(r.String()); err != nil || back.String() != r.String() {
			t.Fatalf("%q is written %q, and that is read as %q, %v", text, r, back, err)
		}
	})
}
