package insight

import (
	"math/rand/v2"
	"testing"

	"kaveri/crm"
)

// steadyPanel is a firm of steady customers of whom each sign is known, and of
// whom those come again who answer mail; what they pay says nothing, or misleads.
func steadyPanel(n int, tells crm.Signal) (standings []crm.Standing, outcomes []Outcome) {
	r := rand.New(rand.NewPCG(5, 6))
	for range n {
		signs := crm.Signs{}
		for _, s := range []crm.Signal{crm.SignalFullPrice, crm.SignalUnprompted, crm.SignalReply} {
			signs.Tallies[s] = crm.Tally{Successes: float64(r.IntN(7)), Of: 6}
		}
		st := crm.Standing{Rung: crm.RungFrequent, Events: 6, Day: 1000, Last: 990, Attitude: AttitudeOf(&signs, 6, &StarterRates, &TableWeights)}
		st.Rung, st.Note = climb(6, 6, 6, &st.Attitude, 0)
		standings = append(standings, st)
		outcomes = append(outcomes, Outcome{Active: r.Float64() < .15+.7*signs.Tallies[tells].Successes/6})
	}
	return standings, outcomes
}

// Where one sign tells who comes and the others blur it, weights that say so are
// offered, and what they would change is told by customers they have not seen.
func TestOfferWeights(t *testing.T) {
	standings, outcomes := steadyPanel(4000, crm.SignalReply)
	o := OfferWeights(standings, outcomes, TableWeights)
	if o == nil || !o.Better() {
		t.Fatalf("%+v", o)
	}
	if w := o.Weights; w[crm.SignalReply] < 2*w[crm.SignalFullPrice] || w[crm.SignalReply] < 2*w[crm.SignalUnprompted] {
		t.Errorf("weights %v", w)
	}
	if o.Before.Loyal.Of+o.Before.Unproven.Of > 4000 || o.Up+o.Down == 0 || o.After.Loyal.Low < o.Before.Unproven.Low {
		t.Errorf("%+v", o)
	}
	gap := func(p WeightProof) float64 { return p.Loyal.Rate() - p.Unproven.Rate() }
	if gap(o.After) < gap(o.Before) {
		t.Errorf("the gap was %.3f and would be %.3f", gap(o.Before), gap(o.After))
	}
}

// Where nothing tells who comes, weights learned from chance are not offered: on
// those from whom they were learned they would seem to do better.
func TestNoWeightsOfChance(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	better := 0
	for range 20 {
		standings, outcomes := steadyPanel(400, crm.SignalReply)
		for i := range outcomes {
			outcomes[i].Active = r.IntN(2) == 0
		}
		if o := OfferWeights(standings, outcomes, TableWeights); o.Better() {
			better++
		}
	}
	if better > 2 {
		t.Errorf("weights of chance were offered %d times of 20", better)
	}
}

func TestTooFewToLearnFrom(t *testing.T) {
	standings, outcomes := steadyPanel(99, crm.SignalReply)
	if o := OfferWeights(standings, outcomes, TableWeights); o != nil {
		t.Errorf("%+v", o)
	}
	for _, c := range []struct {
		other []float64
		same  bool
	}{{nil, true}, {TableWeights[:], true}, {[]float64{1}, false}, {[]float64{1, 1, .75, 1, 1, 1, 1.01}, false}} {
		if TableWeights.Weighs(c.other) != c.same {
			t.Errorf("%v", c.other)
		}
	}
}
