package testsegment

import (
	"fmt"
	"reflect"
	"strings"

	"pgregory.net/rapid"

	"kaveri/crm/segment"
)

// Names are what the texts of rules name: products, groups, offers, topics, tags,
// organisations and campaigns of a test's world are called so.
var Names = []string{"Earl Grey", "lake cruises", "Äiti ja lapsi", "summer offers", "SPRING", "a \"b\" \\c", "Acme", "size 42"}

// Addresses are those of colleagues in a test's world.
var Addresses = []string{"anna@kaukoranta.example", "pekka@kaukoranta.example", "nobody@elsewhere.example"}

// Rules draws rules in normal form.
func Rules() *rapid.Generator[segment.Rule] {
	return rapid.Custom(func(t *rapid.T) segment.Rule { return rule(t, 3) })
}

func rule(t *rapid.T, depth int) segment.Rule {
	if depth == 0 {
		return condition(t)
	}
	switch rapid.IntRange(0, 9).Draw(t, "op") {
	case 0, 1, 2:
		return segment.All(members(t, depth-1)...)
	case 3, 4:
		return segment.Any(members(t, depth-1)...)
	case 5:
		return segment.Negate(rule(t, depth-1))
	}
	return condition(t)
}

func members(t *rapid.T, depth int) (of []segment.Rule) {
	for range rapid.IntRange(2, 3).Draw(t, "members") {
		of = append(of, rule(t, depth))
	}
	return of
}

// condition draws one by the patterns of the fields: what is drawn is text, so
// that the generator knows no more of the language than a reader of its forms.
func condition(t *rapid.T) segment.Rule {
	fields := segment.Fields()
	f := rapid.SampledFrom(fields).Draw(t, "field")
	pattern := rapid.SampledFrom(f.Forms()).Draw(t, "form").Pattern
	return mustParse(t, fill(t, &f, pattern))
}

func mustParse(t *rapid.T, text string) segment.Rule {
	r, err := segment.Parse(text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return r
}

// fill puts values into the slots of a pattern.
func fill(t *rapid.T, f *segment.Field, pattern string) string {
	var out []string
	low := ""
	for _, w := range strings.Fields(pattern) {
		if !strings.HasPrefix(w, "{") {
			out = append(out, w)
			continue
		}
		slot := strings.Trim(w, "{}")
		slot, optional := strings.CutSuffix(slot, "?")
		if optional && rapid.Bool().Draw(t, "left out") {
			continue
		}
		value := slotValue(t, f, slot, low)
		if slot == "number" {
			low = value
		}
		out = append(out, value)
	}
	return strings.Join(out, " ")
}

func slotValue(t *rapid.T, f *segment.Field, slot, low string) string {
	switch slot {
	case "value":
		return rapid.SampledFrom(f.Values).Draw(t, slot)
	case "values":
		return several(t, f.Values)
	case "text":
		return quote(rapid.SampledFrom(Names).Draw(t, slot))
	case "about":
		return "about " + quote(rapid.SampledFrom(Names).Draw(t, slot))
	case "language":
		return rapid.SampledFrom([]string{"fi", "en", "sv"}).Draw(t, slot)
	case "languages":
		return several(t, []string{"fi", "en", "sv"})
	case "address":
		return rapid.SampledFrom(Addresses).Draw(t, slot)
	case "addresses":
		return several(t, Addresses)
	case "day":
		return fmt.Sprintf("2026-%02d-%02d", rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
	case "span":
		return span(t)
	case "last":
		return "in the last " + span(t)
	case "full":
		return "at full price"
	case "state":
		return rapid.SampledFrom([]string{"open", "fulfilled", "told"}).Draw(t, slot)
	}
	return number(t, f, low)
}

// number draws one near those of a small world: amounts of tens, shares, and a
// few orders.
func number(t *rapid.T, f *segment.Field, low string) string {
	from := 0
	fmt.Sscan(low, &from)
	n := from + rapid.IntRange(0, 4).Draw(t, "number")
	switch f.Kind {
	case segment.KindMoney:
		return fmt.Sprint(from + rapid.SampledFrom([]int{0, 5, 10, 25, 60, 200}).Draw(t, "amount"))
	case segment.KindPercent:
		return fmt.Sprint(min(100, from+rapid.SampledFrom([]int{0, 1, 33, 50, 66, 100}).Draw(t, "share")), " %")
	}
	return fmt.Sprint(n)
}

func span(t *rapid.T) string {
	n := rapid.IntRange(0, 12).Draw(t, "n")
	return fmt.Sprint(n, " ", rapid.SampledFrom([]string{"days", "days", "weeks", "months", "years"}).Draw(t, "unit"))
}

func several(t *rapid.T, values []string) string {
	return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, min(3, len(values)), rapid.ID[string]).Draw(t, "values"), ", ")
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Same reports that two rules are equal in all their parts.
func Same(a, b segment.Rule) bool { return reflect.DeepEqual(a, b) }
