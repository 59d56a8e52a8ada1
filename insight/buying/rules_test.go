package buying

import (
	"fmt"
	"testing"

	"kaveri/insight"
)

// A rule is kept when it is among the first by any order, and the order stays.
func TestFirstRules(t *testing.T) {
	rules := []insight.Rule{
		{RHS: "sure", LiftLow: 9, Lift: 10},
		{RHS: "lift", LiftLow: 8, Lift: 30},
		{RHS: "none", LiftLow: 7, Lift: 9},
		{RHS: "leverage", LiftLow: 2, Lift: 3, Leverage: .1, Count: 50},
		{RHS: "count", LiftLow: 1, Lift: 2, Leverage: .05, Count: 90},
	}
	var got []string
	for _, r := range firstRules(rules, 1) {
		got = append(got, r.RHS)
	}
	if fmt.Sprint(got) != "[sure lift leverage count]" {
		t.Errorf("kept: %v", got)
	}
	if n := len(firstRules(rules, 9)); n != 5 {
		t.Errorf("%d of 5 are kept where all fit", n)
	}
}
