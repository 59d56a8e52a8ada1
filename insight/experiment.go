package insight

import (
	"math"
	"slices"

	"kaveri/crm"
)

// What a campaign brought is what its people did more than those who were held
// out by lot. Everybody who was assigned counts where they were assigned, also
// when their mail bounced or was never read (intention to treat): any other
// choice compares people who differ in more than the mail. docs/loyalty.md,
// "Campaigns against a holdout".

// Interval holds the true value in 95 of 100 cases.
type Interval struct{ Low, High float64 }

// Contains reports whether v lies within.
func (i Interval) Contains(v float64) bool { return i.Low <= v && v <= i.High }

// around is a middle and as much on either side.
func around(middle, half float64) Interval { return Interval{middle - half, middle + half} }

// Moments are what a comparison needs of one arm.
type Moments struct {
	N        int
	Mean     float64
	Variance float64 // over N-1
}

// MomentsOf computes the moments of outcomes, in two passes. Yes and no are 1
// and 0: a share needs no formula of its own.
func MomentsOf(y []float64) Moments {
	m := Moments{N: len(y), Mean: math.NaN(), Variance: math.NaN()}
	if len(y) == 0 {
		return m
	}
	sum, squares := 0.0, 0.0
	for _, v := range y {
		sum += v
	}
	m.Mean = sum / float64(len(y))
	for _, v := range y {
		squares += square(v - m.Mean)
	}
	if len(y) > 1 {
		m.Variance = squares / float64(len(y)-1)
	}
	return m
}

// Effect is the difference of two arms, in the unit of the outcome for each
// person.
type Effect struct {
	Treated, Holdout Moments
	Difference       float64  // of the means
	SE               float64  // its standard error, without assuming equal variances
	DF               float64  // Welch's degrees of freedom; NaN when nothing varies
	Interval         Interval // for one look, by Student's t
	AlwaysValid      Interval // for any number of looks
}

// Difference compares two arms (Welch 1947). plan is the number of people that
// the experiment is to have, for the always-valid interval; 0: those it has.
func Difference(treated, holdout Moments, plan int) Effect {
	t, c := treated.Variance/float64(treated.N), holdout.Variance/float64(holdout.N)
	e := Effect{Treated: treated, Holdout: holdout, Difference: treated.Mean - holdout.Mean, SE: math.Sqrt(t + c)}
	e.DF = square(t+c) / (t*t/float64(treated.N-1) + c*c/float64(holdout.N-1))
	if e.SE == 0 {
		e.DF = math.NaN()
		e.Interval, e.AlwaysValid = around(e.Difference, 0), around(e.Difference, 0)
		return e
	}
	n := treated.N + holdout.N
	if plan == 0 {
		plan = n
	}
	student := StudentQuantile(1-alpha/2, e.DF)
	e.Interval = around(e.Difference, e.SE*student)
	// The sequence is made for many; of a few people it would be shorter than what
	// one look needs.
	e.AlwaysValid = around(e.Difference, e.SE*math.Max(student, AlwaysValidMultiplier(n, plan)))
	return e
}

// P gives the chance of a difference as large as this, to either side, when
// there is none in truth. NaN when nothing varies.
func (e Effect) P() float64 { return 2 * StudentCDF(-math.Abs(e.Difference/e.SE), e.DF) }

// Z gives the difference in standard errors.
func (e Effect) Z() float64 { return e.Difference / e.SE }

// NormalInterval is the interval for one look by the normal distribution. With
// hundreds of people it hardly differs from [Effect.Interval]; it adds up over
// people and campaigns.
func (e Effect) NormalInterval() Interval {
	return around(e.Difference, e.SE*z975)
}

// Total gives what the treated brought together beyond what they would have
// brought anyway, with its interval, made of one for each person.
func (e Effect) Total(each Interval) (float64, Interval) {
	n := float64(e.Treated.N)
	return n * e.Difference, Interval{n * each.Low, n * each.High}
}

// ProbabilityAbove gives how probable it is that the effect for each person is
// above what reaching one cost, by the normal distribution and no opinion
// beforehand.
func (e Effect) ProbabilityAbove(cost float64) float64 {
	return NormalCDF((e.Difference - cost) / e.SE)
}

// Verdict is what an experiment says in one word.
type Verdict string

// The verdicts.
const (
	VerdictWorks   Verdict = "works"
	VerdictHarms   Verdict = "harms"
	VerdictUnknown Verdict = "cannot tell yet"
)

// Verdict says what the effect proves. It goes by the always-valid interval,
// since people look at a campaign every day.
func (e Effect) Verdict() Verdict {
	switch {
	case !(e.SE > 0):
		return VerdictUnknown // where nothing varies nothing is known of chance
	case e.AlwaysValid.Low > 0:
		return VerdictWorks
	case e.AlwaysValid.High < 0:
		return VerdictHarms
	}
	return VerdictUnknown
}

// Sample is what is known of the people of one arm.
type Sample struct {
	Y []float64 // what each brought, net of refunds
	X []float64 // the same before it began, for as many days; nil: not known of anybody, NaN: not of this one
}

// ExperimentOptions say how an experiment was laid out.
type ExperimentOptions struct {
	Holdout float64 // the share that was to be held out
	Plan    int     // how many people it is to have; 0: those it has
	Cap     float64 // the quantile that outcomes are capped at in the second row; 0: .99
	Worth   float64 // the smallest difference that matters; 0: the one seen
}

// Experiment is what came of an experiment.
type Experiment struct {
	Raw         Effect
	Adjusted    *Adjusted // nil without a history, or when all have the same
	Capped      Capped
	SampleRatio float64 // chi-squared; see [SampleRatio]
	SampleP     float64
	Verdict     Verdict
	Needed      Needed
}

// Capped is the comparison with each outcome cut at a cap: what remains when a
// few very large orders do not count. The cap is fixed before sending.
type Capped struct {
	Effect
	Cap float64 // in the unit of the outcome
}

// Needed is how many people would have to take part to see a difference.
type Needed struct {
	Difference float64
	People     int // for one look at the end, with a chance of 80 %; 0: cannot be told
	AnyTime    int // when one looks at all times
}

// Best gives the estimate that counts: adjusted when there is a history to
// adjust by, else raw. Which of the two is settled before anything is seen.
func (e Experiment) Best() Effect {
	if e.Adjusted != nil {
		return e.Adjusted.Effect
	}
	return e.Raw
}

// Measure compares the arms of an experiment. An arm of fewer than two people is
// an error of kind [crm.KindInvalid]: nothing is known then of how much people
// differ by themselves.
func Measure(treated, holdout Sample, o ExperimentOptions) (Experiment, error) {
	if err := checkHoldout(o.Holdout); err != nil {
		return Experiment{}, err
	}
	if o.Cap == 0 {
		o.Cap = .99
	}
	if !(o.Cap > 0 && o.Cap <= 1) {
		return Experiment{}, crm.Invalid("cap", "the cap is a quantile between 0 and 1, such as 0.99; it is %v", o.Cap)
	}
	for _, arm := range []struct {
		name string
		n    int
	}{{"treated (T)", len(treated.Y)}, {"holdout (C)", len(holdout.Y)}} {
		if arm.n < 2 {
			return Experiment{}, crm.Invalid("arm", "the %s arm has %d of the 2 people that a comparison needs at least", arm.name, arm.n)
		}
	}
	e := Experiment{Raw: Difference(MomentsOf(treated.Y), MomentsOf(holdout.Y), o.Plan)}
	e.Adjusted = adjust(treated, holdout, o.Plan)
	e.Capped = capped(treated.Y, holdout.Y, o)
	e.SampleRatio, e.SampleP = SampleRatio(len(treated.Y), len(holdout.Y), o.Holdout)
	e.Verdict = e.Best().Verdict()
	e.Needed = e.needed(o)
	return e, nil
}

// capped cuts each outcome at the quantile of both arms together (winsorising):
// a quantile of each arm would cut them differently.
func capped(treated, holdout []float64, o ExperimentOptions) Capped {
	all := slices.Concat(treated, holdout)
	slices.Sort(all)
	at := quantileOf(all, o.Cap)
	cut := func(y []float64) []float64 {
		out := make([]float64, len(y))
		for i, v := range y {
			out[i] = min(v, at)
		}
		return out
	}
	return Capped{Difference(MomentsOf(cut(treated)), MomentsOf(cut(holdout)), o.Plan), at}
}
