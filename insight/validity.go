package insight

import (
	"math"

	"kaveri/crm"
)

// Outcome is what a customer did in the time after a standing.
type Outcome struct {
	Active      bool      // an order event
	FullPrice   crm.Tally // orders without discount, of the orders of that time
	Recommended bool
}

// ValidityRow is what those under one label did.
type ValidityRow struct {
	Label       string
	Active      Proportion
	FullPrice   Proportion
	Recommended Proportion
}

// Validity is the panel on which the labels prove themselves, or do not
// (docs/loyalty.md §8.8): the labels of one day beside what came after, and the
// same for the plain groupings that anybody could make.
type Validity struct {
	Rungs, Notes, Timings []ValidityRow
	BySilence, ByCount    []ValidityRow // the baselines
	Loyal                 Proof

	// How well three scores tell who will be active: 0.5 is chance.
	AUCAlive, AUCSilence, AUCCount float64
}

// Proof says whether LOYAL tells more than FREQUENT.
type Proof string

// The proofs. LOYAL and ADVOCATE are compared with FREQUENT, unproven.
const (
	ProofTooFew Proof = "too few" // fewer than 50 in one of them
	ProofNone   Proof = "none"    // the intervals overlap: the label does not prove itself
	ProofBetter Proof = "better"
	ProofWorse  Proof = "worse"
)

// proofCustomers is the least number of each.
const proofCustomers = 50

// HoldAgainst makes the panel of standings and outcomes of the same customers.
// clock is that of the standings.
func HoldAgainst(standings []crm.Standing, outcomes []Outcome, clock float64) *Validity {
	v := &Validity{}
	group := func(labels []string, label func(*crm.Standing) string) []ValidityRow {
		return validityRows(standings, outcomes, labels, label)
	}
	v.Rungs = group(names(crm.Rungs), func(s *crm.Standing) string { return string(s.Rung) })
	v.Timings = group(names(crm.Timings), func(s *crm.Standing) string { return string(s.Timing) })
	v.Notes = group([]string{"LOYAL, ADVOCATE", "FREQUENT, unproven", "FREQUENT, bound", "well-wisher"}, noteLabel)
	v.BySilence = group(silenceBands, func(s *crm.Standing) string { return silenceBand(s, clock) })
	v.ByCount = group(countBands, countBand)
	v.Loyal = proofOf(v.Notes[0].Active, v.Notes[1].Active)
	v.scores(standings, outcomes)
	return v
}

func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// noteLabel gives the label that the proof is about; "" for the others.
func noteLabel(s *crm.Standing) string {
	switch {
	case s.Rung == crm.RungLoyal, s.Rung == crm.RungAdvocate:
		return "LOYAL, ADVOCATE"
	case s.Rung == crm.RungFrequent:
		return "FREQUENT, " + string(s.Note)
	}
	return string(s.Note)
}

// silenceBands are days since the last event in cycles, the plainest forecast.
var silenceBands = []string{"within 1 cycle", "1 to 2 cycles", "2 to 4 cycles", "longer"}

func silenceBand(s *crm.Standing, clock float64) string {
	if s.Events == 0 {
		return ""
	}
	switch cycles := float64(s.Day-s.Last) / clock; {
	case cycles < 1:
		return silenceBands[0]
	case cycles < 2:
		return silenceBands[1]
	case cycles < 4:
		return silenceBands[2]
	}
	return silenceBands[3]
}

var countBands = []string{"1 order", "2 or 3", "4 to 7", "8 or more"}

func countBand(s *crm.Standing) string {
	switch n := s.Events; {
	case n == 0:
		return ""
	case n == 1:
		return countBands[0]
	case n < 4:
		return countBands[1]
	case n < 8:
		return countBands[2]
	}
	return countBands[3]
}

// validityRows sums up the outcomes by label, in the order of the labels.
func validityRows(standings []crm.Standing, outcomes []Outcome, labels []string, label func(*crm.Standing) string) []ValidityRow {
	type sums struct{ customers, active, full, orders, recommended int }
	by := map[string]*sums{}
	for i := range standings {
		name := label(&standings[i])
		s := by[name]
		if s == nil {
			s = &sums{}
			by[name] = s
		}
		o := &outcomes[i]
		s.customers++
		s.active += one(o.Active)
		s.recommended += one(o.Recommended)
		s.full += int(o.FullPrice.Successes)
		s.orders += int(o.FullPrice.Of)
	}
	rows := make([]ValidityRow, len(labels))
	for i, name := range labels {
		s := by[name]
		if s == nil {
			s = &sums{}
		}
		rows[i] = ValidityRow{name, ProportionOf(s.active, s.customers), ProportionOf(s.full, s.orders), ProportionOf(s.recommended, s.customers)}
	}
	return rows
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func proofOf(loyal, unproven Proportion) Proof {
	switch {
	case loyal.Of < proofCustomers || unproven.Of < proofCustomers:
		return ProofTooFew
	case loyal.Low > unproven.High:
		return ProofBetter
	case loyal.High < unproven.Low:
		return ProofWorse
	}
	return ProofNone
}

func (v *Validity) scores(standings []crm.Standing, outcomes []Outcome) {
	var alive, silence, count []float64
	var came []bool
	for i := range standings {
		s := &standings[i]
		if s.Events == 0 {
			continue
		}
		alive, silence, count = append(alive, s.PAlive), append(silence, -float64(s.Day-s.Last)), append(count, float64(s.Events))
		came = append(came, outcomes[i].Active)
	}
	v.AUCAlive, v.AUCSilence, v.AUCCount = AUC(alive, came), AUC(silence, came), AUC(count, came)
}

// ridgeStrength is how firmly refitted weights are held to the table: as much as
// some twenty customers say.
const ridgeStrength = 5.0

// coefficients are the weights by signal, then the level.
type coefficients [crm.SignalCount + 1]float64

// curvature holds second derivatives by them.
type curvature [crm.SignalCount + 1]coefficients

// RefitWeights offers weights that tell better who was active: a logistic
// regression of the outcome on the evidence, by ridge held to the weights in
// use. It is meant for the steady rungs, whose label the evidence decides.
func RefitWeights(standings []crm.Standing, outcomes []Outcome, prior Weights) Weights {
	var w coefficients
	copy(w[:], prior[:])
	for range 50 {
		step, ok := solve(refitSlopes(standings, outcomes, prior, w))
		if !ok {
			break
		}
		far := 0.0
		for j := range w {
			step[j] = math.Min(2, math.Max(-2, step[j]))
			w[j] += step[j]
			far = math.Max(far, math.Abs(step[j]))
		}
		if far < 1e-10 {
			break
		}
	}
	var out Weights
	for j := range out {
		out[j] = math.Max(0, w[j]) // a signal that speaks against itself is left out
	}
	return out
}

// refitSlopes gives the slopes of the regression's likelihood and the negative
// of its second derivatives.
func refitSlopes(standings []crm.Standing, outcomes []Outcome, prior Weights, w coefficients) (curve curvature, slope coefficients) {
	for j := range prior {
		slope[j] = ridgeStrength * (prior[j] - w[j])
		curve[j][j] = ridgeStrength
	}
	curve[crm.SignalCount][crm.SignalCount] = 1e-9 // the level is free
	for i := range standings {
		x := evidenceRow(&standings[i].Attitude)
		l := standings[i].Attitude.Adjustment
		for j, v := range x {
			l += w[j] * v
		}
		p := logistic(l)
		miss := float64(one(outcomes[i].Active)) - p
		for j, v := range x {
			slope[j] += v * miss
			for k, u := range x {
				curve[j][k] += v * u * p * (1 - p)
			}
		}
	}
	return curve, slope
}

// evidenceRow gives the points of each signal, and 1 for the level.
func evidenceRow(a *crm.Attitude) (x coefficients) {
	for _, e := range a.Evidence {
		x[e.Signal] = e.Points
	}
	x[crm.SignalCount] = 1
	return x
}

// solve solves curve x = slope for a symmetric positive curve, by Cholesky's
// factors. ok is false when it is not positive.
func solve(curve curvature, slope coefficients) (x coefficients, ok bool) {
	const n = len(slope)
	for j := range n {
		for k := range j {
			for i := j; i < n; i++ {
				curve[i][j] -= curve[i][k] * curve[j][k]
			}
		}
		if !(curve[j][j] > 0) {
			return x, false
		}
		root := math.Sqrt(curve[j][j])
		for i := j; i < n; i++ {
			curve[i][j] /= root
		}
	}
	for i := range n {
		x[i] = slope[i]
		for k := range i {
			x[i] -= curve[i][k] * x[k]
		}
		x[i] /= curve[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= curve[k][i] * x[k]
		}
		x[i] /= curve[i][i]
	}
	return x, true
}
