package segment

import "strings"

// form is one way to write a condition. The first pattern is canonical, the
// others are read too.
type form struct {
	test     Test
	patterns []pattern
}

// pattern is a form taken apart.
type pattern struct {
	text  string
	parts []part
}

// part is a word, or a slot when it has one.
type part struct {
	word     string
	slot     string
	optional bool
}

// as makes a form of its patterns.
func as(test Test, patterns ...string) form {
	f := form{test: test}
	for _, text := range patterns {
		text = strings.TrimSpace(text)
		p := pattern{text: text}
		for _, w := range strings.Fields(text) {
			if !strings.HasPrefix(w, "{") {
				p.parts = append(p.parts, part{word: w})
				continue
			}
			slot := strings.Trim(w, "{}")
			name, optional := strings.CutSuffix(slot, "?")
			p.parts = append(p.parts, part{slot: name, optional: optional})
		}
		f.patterns = append(f.patterns, p)
	}
	return f
}

// labelForms are those of a value with its history.
func labelForms(name string) []form {
	return []form{
		as(TestIs, name+" is {value}", name+" = {value}"),
		as(TestIsNot, name+" is not {value}"),
		as(TestOneOf, name+" is one of {values}", name+" is any of {values}"),
		as(TestNoneOf, name+" is not one of {values}", name+" is none of {values}"),
		as(TestWasOn, name+" was {value} on {day}"),
		as(TestEver, name+" was ever {value}", name+" has been {value}"),
		as(TestChanged, name+" changed in the last {span}", name+" changed within {span}"),
	}
}

// ladderForms are those of a value on a scale.
func ladderForms(name string) []form {
	return append(labelForms(name),
		as(TestRose, name+" rose in the last {span}", name+" rose within {span}"),
		as(TestFell, name+" fell in the last {span}", name+" fell within {span}"))
}

// dayForms are those of a day that is awaited.
func dayForms(name string) []form {
	return []form{
		as(TestAfterDays, name+" after {span}", name+" in more than {span}"),
		as(TestWithinDays, name+" within {span}", name+" in the next {span}"),
		as(TestSinceDays, name+" since {span}", name+" for {span}"),
		as(TestBefore, name+" before {day}"),
		as(TestAfter, name+" after {day}"),
		as(TestOn, name+" on {day}"),
	}
}

// pastForms are those of a day or moment that has been: noun is what stands
// before the bounds.
func pastForms(noun string) []form {
	return []form{
		as(TestAgo, noun+" more than {span} ago", noun+" over {span} ago"),
		as(TestBefore, noun+" before {day}"),
		as(TestAfter, noun+" after {day}"),
		as(TestOn, noun+" on {day}"),
	}
}

// momentForms are those of something of which the last time is known: "wrote in
// the last 30 days", "last wrote more than 30 days ago".
func momentForms(verb, last string) []form {
	forms := []form{as(TestAny, verb+" {last?}")}
	for i, f := range pastForms(last) {
		f.patterns = append(f.patterns, pastForms(verb)[i].patterns...)
		forms = append(forms, f)
	}
	return forms
}

// numberForms are those of what is counted; more stands at their end.
func numberForms(name, slot, more string) []form {
	var forms []form
	for _, f := range []struct {
		test  Test
		words []string
	}{
		{TestExactly, []string{"exactly", "=", "is", "are"}},
		{TestAtLeast, []string{"at least", ">="}},
		{TestAtMost, []string{"at most", "<="}},
		{TestMore, []string{"more than", ">", "over"}},
		{TestLess, []string{"less than", "<", "fewer than", "under"}},
	} {
		var patterns []string
		for _, w := range f.words {
			patterns = append(patterns, name+" "+w+" {"+slot+"} "+more)
		}
		forms = append(forms, as(f.test, patterns...))
	}
	return append(forms, as(TestBetween, name+" between {"+slot+"} and {to} "+more))
}

// codeForms are those of a value of which there is no list here.
func codeForms(name, slot, slots, none string) []form {
	return []form{
		as(TestIs, name+" is {"+slot+"}", name+" = {"+slot+"}"),
		as(TestIsNot, name+" is not {"+slot+"}"),
		as(TestOneOf, name+" is one of {"+slots+"}", name+" is any of {"+slots+"}"),
		as(TestNoneOf, name+" is not one of {"+slots+"}", name+" is none of {"+slots+"}"),
		as(TestUnknown, name+" is "+none),
	}
}

// campaignForms are those of what a campaign did.
func campaignForms(verb string, more ...string) []form {
	named, any := []string{verb + " {text} {last?}"}, []string{verb + " a campaign {last?}", verb + " any campaign {last?}"}
	for _, m := range more {
		named, any = append(named, m+" {text} {last?}"), append(any, m+" a campaign {last?}")
	}
	return []form{as(TestNamed, named...), as(TestAny, any...)}
}
