package store

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kaveri/crm/segment"
	"kaveri/internal/testsegment"
)

// Each field of the language has a statement, and no statement is of a field that
// the language lacks.
func TestRuleWriters(t *testing.T) {
	for _, f := range segment.Fields() {
		if ruleWriters[f.Name].write == nil {
			t.Errorf("no statement is made of %q", f.Name)
		}
	}
	for name := range ruleWriters {
		if _, ok := segment.FieldNamed(name); !ok {
			t.Errorf("%q is no field", name)
		}
	}
}

// What people write stands in the arguments of a statement and never in its text,
// and each argument is used: PostgreSQL cannot tell the type of one that is not.
func TestRuleText(t *testing.T) {
	clock := segment.Clock{Now: time.Now(), Zone: time.UTC}
	rapid.Check(t, func(rt *rapid.T) {
		r := testsegment.Rules().Draw(rt, "rule")
		query, args := ruleQuery(r, clock, "c.id", "")
		for _, word := range append(testsegment.Names, testsegment.Addresses...) {
			if strings.Contains(query, word) {
				rt.Fatalf("%s\nhas %q in the text: %s", r, word, query)
			}
		}
		used := map[string]bool{}
		for _, p := range placeholder.FindAllString(query, -1) {
			used[p] = true
		}
		if len(used) != len(args) {
			rt.Fatalf("%s\nhas %d arguments and uses %d", r, len(args), len(used))
		}
	})
}
