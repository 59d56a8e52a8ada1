package crm

import (
	"testing"
	"time"
)

func TestCountedBallot(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(1_800_000_000+int64(s), 0) }
	open := func(score, s int) Ballot { return Ballot{Score: score, At: at(s)} }
	post := func(score, s int) Ballot { return Ballot{Score: score, Posted: true, At: at(s)} }
	trapped := post(9, 0)
	trapped.Trapped = true
	for name, c := range map[string]struct {
		bs   []Ballot
		want int
	}{
		"none":                         {nil, -1},
		"opened only":                  {[]Ballot{open(9, 0)}, -1},
		"opened and sent":              {[]Ballot{open(9, 0), post(9, 3)}, 1},
		"another answer on the page":   {[]Ballot{open(9, 0), post(8, 3)}, 1},
		"the last counts":              {[]Ballot{post(3, 0), post(9, 60)}, 1},
		"sent twice":                   {[]Ballot{post(9, 0), post(9, 1)}, 1},
		"the trap":                     {[]Ballot{trapped}, -1},
		"one in the trap, one at once": {[]Ballot{trapped, post(3, 1)}, -1},
		"several within seconds":       {[]Ballot{post(1, 0), post(2, 1), post(3, 2)}, -1},
		"a scanner after a person":     {[]Ballot{post(9, 0), post(1, 100), post(2, 101)}, 0},
		"a person after a scanner":     {[]Ballot{open(0, 0), open(1, 0), open(2, 1), post(9, 60)}, 3},
		"a scanner that presses too":   {[]Ballot{open(0, 0), open(1, 0), open(2, 1), post(2, 2)}, -1},
	} {
		if got := CountedBallot(c.bs); got != c.want {
			t.Errorf("%s: ballot %d, want %d", name, got, c.want)
		}
	}
}

func TestSurvey(t *testing.T) {
	s := Survey{Name: " After-Visit ", Kind: SurveyNPS, Question: map[string]string{"fi": " Suosittelisitko? ", "sv": " "}}
	if err := s.Validate(); err != nil || s.Name != "after-visit" || s.In("de") != "Suosittelisitko?" || len(s.Question) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	for field, s := range map[string]Survey{"name": {Name: "a b", Kind: SurveyNPS}, "kind": {Name: "a", Kind: "smile"}, "question": {Name: "a", Kind: SurveyCSAT}} {
		if err := s.Validate(); FieldOf(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	r := SurveyResult{Survey: Survey{Kind: SurveyNPS}, Counts: [11]int{0: 1, 6: 2, 7: 5, 8: 5, 9: 3, 10: 4}}
	if n, glad, sad := r.Sums(); n != 20 || glad != 7 || sad != 3 {
		t.Errorf("sums: %d, %d, %d", n, glad, sad)
	}
}

func TestFeedback(t *testing.T) {
	f := Feedback{Name: " A\nB ", Words: " Hei\x00 ", Address: "A@B.example"}
	if err := f.Validate(); err != nil || f.Name != "A B" || f.Words != "Hei" || f.Address != "a@b.example" {
		t.Errorf("%+v, %v", f, err)
	}
	for _, f := range []Feedback{{Words: " "}, {Words: "x", Address: "nowhere"}, {Words: longText(MaxFeedback + 1)}} {
		if err := f.Validate(); KindOf(err) != KindInvalid {
			t.Errorf("%.20q: %v", f.Words, err)
		}
	}
}
