package crm

import (
	"slices"
	"strings"
	"time"
)

// SurveyKind says how a survey is answered.
type SurveyKind string

// The kinds.
const (
	SurveyNPS  SurveyKind = "nps"  // 0 to 10: would you recommend us
	SurveyCSAT SurveyKind = "csat" // 1 to 5: are you content
)

// SurveyKinds lists the kinds.
var SurveyKinds = []SurveyKind{SurveyNPS, SurveyCSAT}

// Scale gives the lowest and the highest answer.
func (k SurveyKind) Scale() (low, high int) {
	if k == SurveyNPS {
		return 0, 10
	}
	return 1, 5
}

// Glad reports an answer of somebody who is more than content.
func (k SurveyKind) Glad(score int) bool {
	if k == SurveyNPS {
		return score >= 9
	}
	return score >= 4
}

// Sad reports an answer of somebody who is not content: a detractor of the NPS.
func (k SurveyKind) Sad(score int) bool {
	if k == SurveyNPS {
		return score <= 6
	}
	return score <= 2
}

// Takes reports whether a score is an answer.
func (k SurveyKind) Takes(score int) bool {
	low, high := k.Scale()
	return low <= score && score <= high
}

// Survey is one question that mails ask.
type Survey struct {
	ID       SurveyID
	Name     string // by which letters name it: letters, digits, hyphens
	Kind     SurveyKind
	Question map[string]string // by language; "" is what others read
	Staff    StaffID
	Created  time.Time
	Closed   time.Time // zero while it takes answers
	Votes    int
}

// In gives the question in a language, else in any that it has.
func (s *Survey) In(language string) string {
	for _, l := range []string{language, "", "en", "fi"} {
		if q := s.Question[l]; q != "" {
			return q
		}
	}
	return ""
}

// Tag gives the merge tag by which letters name the survey's page.
func (s *Survey) Tag() string { return SurveyTag + strings.ReplaceAll(s.Name, "-", "_") }

// SurveyTag begins the merge tags of surveys.
const SurveyTag = "survey_"

// Validate checks a survey before it is kept.
func (s *Survey) Validate() error {
	s.Name = strings.ToLower(strings.TrimSpace(s.Name))
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
	if s.Name == "" || len(s.Name) > 50 || strings.ContainsFunc(s.Name, odd) {
		return Invalid("name", "name it by small letters, digits and hyphens, such as after-delivery")
	}
	if !slices.Contains(SurveyKinds, s.Kind) {
		return Invalid("kind", "%q is none of %s", s.Kind, choices(SurveyKinds))
	}
	clean := map[string]string{}
	for l, q := range s.Question {
		if q = tidyLine(q); q != "" {
			clean[l] = q
		}
		if len(q) > MaxReason {
			return Invalid("question", "the question is longer than %d characters", MaxReason)
		}
	}
	if s.Question = clean; s.In("") == "" {
		return Invalid("question", "write the one question that is asked")
	}
	return nil
}

// Vote is an answer to a survey, or words of the public form.
type Vote struct {
	ID       int64
	Survey   string // its name
	Kind     SurveyKind
	Score    int
	Words    string
	Customer CustomerID
	Contact  string // name; "" when nobody is known
	At       time.Time
}

// SurveyResult is what a survey has brought: how many gave each answer.
type SurveyResult struct {
	Survey
	Counts [11]int // by score
	Said   []Vote  // those with words, the newest first
}

// Sums counts all answers, the glad and the sad ones.
func (r *SurveyResult) Sums() (n, glad, sad int) {
	for score, k := range r.Counts {
		n += k
		if r.Kind.Glad(score) {
			glad += k
		} else if r.Kind.Sad(score) {
			sad += k
		}
	}
	return n, glad, sad
}

// FewAnswers is how many answers a result needs to mean anything for others
// than those who gave them.
const FewAnswers = 30

// Ballot is one request for the page of a survey by the link of one mail.
type Ballot struct {
	Score   int  // asked for; -1: none
	Posted  bool // by the button; else the page was only opened
	Trapped bool // what no person sees was filled in
	At      time.Time
}

// BallotStorm is within what time nobody chooses several answers: link scanners
// open each of them.
const BallotStorm = 10 * time.Second

// CountedBallot gives the ballot that is the vote of a mail, -1 for none: the last
// one sent that is not a machine's. A machine's are those that filled in what is
// hidden, those with others of another answer sent within [BallotStorm], and
// those sent so soon after several answers were opened.
func CountedBallot(bs []Ballot) int {
	for i := len(bs) - 1; i >= 0; i-- {
		if bs[i].Posted && !bs[i].Trapped && !inStorm(bs, i) {
			return i
		}
	}
	return -1
}

func inStorm(bs []Ballot, i int) bool {
	opened := map[int]bool{}
	for _, b := range bs {
		apart := bs[i].At.Sub(b.At)
		switch {
		case b.Score < 0 || apart.Abs() > BallotStorm:
		case b.Posted && (b.Score != bs[i].Score || b.Trapped):
			return true
		case !b.Posted && apart >= 0:
			opened[b.Score] = true
		}
	}
	return len(opened) > 1
}

// Feedback is what somebody wrote into the firm's public form.
type Feedback struct {
	ID       int64
	Name     string
	Address  Address // as they gave it; nothing proves it
	Words    string
	Customer CustomerID // whose address it is, 0 when nobody's
	At       time.Time
	Seen     bool
}

// MaxFeedback bounds the words of a form in bytes.
const MaxFeedback = 5_000

// Validate checks what a form sent.
func (f *Feedback) Validate() error {
	f.Name = tidyLine(f.Name)
	f.Words = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(f.Words, "\x00", ""), "\uFFFD"))
	switch {
	case f.Words == "":
		return Invalid("words", "write a few words")
	case len(f.Words) > MaxFeedback || len(f.Name) > 300:
		return Invalid("words", "that is longer than %d characters", MaxFeedback)
	}
	if f.Address == "" {
		return nil
	}
	a, err := ParseAddress(string(f.Address))
	f.Address = a
	return err
}

// Recommendation says by whose word a contact came.
type Recommendation struct {
	Contact  ContactID // who came
	By       ContactID
	ByName   string
	Customer CustomerID // of By
	At       time.Time
}
