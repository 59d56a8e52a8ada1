package crm

import (
	"slices"
	"testing"
	"time"
)

// Each step of the table is taken, and every other one refused.
func TestWishSteps(t *testing.T) {
	legal := map[WishState][]WishState{
		WishProposed: {WishNew, WishDismissed}, WishDismissed: {WishNew},
		WishNew:         {WishConsidering, WishPromised, WishDone, WishDeclined, WishDismissed},
		WishConsidering: {WishPromised, WishDone, WishDeclined}, WishPromised: {WishConsidering, WishDone, WishDeclined},
		WishDone: {WishTold, WishPromised}, WishTold: {WishConsidering}, WishDeclined: {WishConsidering},
	}
	for _, from := range WishStates {
		for _, to := range WishStates {
			err := from.Step(to, "because")
			if want := slices.Contains(legal[from], to); want != (err == nil) {
				t.Errorf("from %s to %s: %v", from, to, err)
			} else if err != nil && KindOf(err) != KindConflict {
				t.Errorf("from %s to %s: kind of %v", from, to, err)
			}
		}
		if err := from.Step("lost", ""); KindOf(err) != KindInvalid {
			t.Errorf("to an unknown state: %v", err)
		}
	}
	if err := WishNew.Step(WishDeclined, " "); FieldOf(err) != "reason" {
		t.Errorf("declined without a reason: %v", err)
	}
}

func TestWishValidate(t *testing.T) {
	w := Wish{Quote: " a\n blue\x00 one "}
	if err := w.Validate(); err != nil || w.Quote != "a blue one" || w.Kind != WishWish || w.State != WishNew {
		t.Errorf("%+v, %v", w, err)
	}
	for field, w := range map[string]Wish{
		"wish": {}, "kind": {Quote: "x", Kind: "dream"}, "state": {Quote: "x", State: "lost"}, "force": {Quote: "x", Force: "pressure"}, "strength": {Quote: "x", Strength: "mild"},
		"expires on": {Quote: "x", NotBefore: 10, ExpiresOn: 9}, "wish topic": {Quote: "x", Topic: longText(MaxTopic + 1)},
	} {
		if err := w.Validate(); FieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func longText(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

func TestFirstDay(t *testing.T) {
	at := DayOf(time.Date(2026, 1, 14, 0, 0, 0, 0, time.UTC)) // a Wednesday
	for text, want := range map[string]string{
		"wants blue, not before March":          "2026-03-01!",
		"We do not need it before 12 March.":    "2026-03-12!",
		"not until week 34, please":             "2026-08-17!",
		"We plan to travel in week 34.":         "2026-08-17",
		"only in May":                           "2026-05-01!",
		"after March it is possible":            "2026-04-01!",
		"from 2026-05-04 on":                    "2026-05-04!",
		"in January":                            "2026-01-01",
		"We move in December 2027.":             "2027-12-01",
		"next month":                            "2026-02-01",
		"next spring":                           "2026-03-01",
		"on 3 January":                          "2027-01-03",
		"emme tarvitse niitä ennen maaliskuuta": "2026-03-01!",
		"Ei ennen 12.3., kiitos.":               "2026-03-12!",
		"vasta viikolla 34":                     "2026-08-17!",
		"matkustamme elokuussa":                 "2026-08-01",
		"toukokuusta alkaen":                    "2026-05-01!",
		"huhtikuun jälkeen":                     "2026-05-01!",
		"12. maaliskuuta 2027":                  "2027-03-12",
		"muutamme ensi kesänä":                  "2026-06-01",
		"ensi viikolla":                         "2026-01-19",
		"We need it by March.":                  "none",
		"before March":                          "none",
		"maaliskuuhun mennessä":                 "none",
		"ennen maaliskuuta":                     "none", // that is a last day
		"it costs 12.50 for 3":                  "none",
		"We may march on.":                      "none",
		"as last March":                         "none",
		"":                                      "none",
		"they march in step before the king, not before": "none",
	} {
		d, bound := FirstDay(text, at)
		got := "none"
		if d != 0 {
			got = d.String()
		}
		if bound {
			got += "!"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestWishesInNote(t *testing.T) {
	got := WishesInNote("Called at noon.\nWish: a blue cover\n- toive: isompi koko\nShe wants blue, not before March\nwants\nongelma: vetoketju\nThe wish list came.\nwish:\n")
	want := []Wish{{Kind: WishWish, Quote: "a blue cover"}, {Kind: WishWish, Quote: "isompi koko"}, {Kind: WishWish, Quote: "She wants blue, not before March"}, {Kind: WishProblem, Quote: "vetoketju"}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
