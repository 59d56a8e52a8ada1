package insight

import (
	"math"

	"kaveri/crm"
)

// WeightOffer is what other weights of the signs would change, where LOYAL does not
// prove itself by those in use (docs/loyalty.md §8.8).
type WeightOffer struct {
	Weights  Weights // learned from all steady customers
	Before   WeightProof
	After    WeightProof
	Up, Down int // customers who would become LOYAL, and who would not be any more
}

// WeightProof is how surely those called LOYAL and those called FREQUENT, unproven
// came by some weights.
type WeightProof struct {
	Loyal, Unproven Proportion
	Proof           Proof
}

// Better reports that the label would prove itself by the weights offered. Weights
// that do no better are not worth a change.
func (o *WeightOffer) Better() bool { return o.After.Proof == ProofBetter }

// OfferWeights refits the weights on the steady customers of a panel. What they
// would change is told by halves: the labels of each half by weights learned from
// the other, for weights always do well on those from whom they were learned. nil:
// there are too few.
func OfferWeights(standings []crm.Standing, outcomes []Outcome, inUse Weights) *WeightOffer {
	var halves [2]panel
	var all panel
	for i := range standings {
		if standings[i].Rung.Steady() {
			halves[len(all.standings)%2].add(&standings[i], &outcomes[i])
			all.add(&standings[i], &outcomes[i])
		}
	}
	if len(all.standings) < 2*proofCustomers {
		return nil
	}
	o := &WeightOffer{Weights: RefitWeights(all.standings, all.outcomes, TableWeights)}
	var before, after tallied
	before.count(&all, inUse)
	for i := range halves {
		other := &halves[1-i]
		after.count(&halves[i], RefitWeights(other.standings, other.outcomes, TableWeights))
	}
	o.Before, o.After = before.proof(), after.proof()
	for i := range all.standings {
		a := &all.standings[i].Attitude
		was, would := attitudeBy(a, &inUse) == crm.RungLoyal, attitudeBy(a, &o.Weights) == crm.RungLoyal
		o.Up += one(would && !was)
		o.Down += one(was && !would)
	}
	return o
}

// panel is standings and outcomes of the same customers.
type panel struct {
	standings []crm.Standing
	outcomes  []Outcome
}

func (p *panel) add(s *crm.Standing, o *Outcome) {
	p.standings, p.outcomes = append(p.standings, *s), append(p.outcomes, *o)
}

// tallied counts who came, by label.
type tallied struct{ loyal, unproven struct{ came, of int } }

func (t *tallied) count(p *panel, w Weights) {
	for i := range p.standings {
		to := &t.unproven
		switch attitudeBy(&p.standings[i].Attitude, &w) {
		case crm.RungLoyal:
			to = &t.loyal
		case "":
			continue
		}
		to.of++
		to.came += one(p.outcomes[i].Active)
	}
}

func (t *tallied) proof() WeightProof {
	p := WeightProof{Loyal: ProportionOf(t.loyal.came, t.loyal.of), Unproven: ProportionOf(t.unproven.came, t.unproven.of)}
	p.Proof = proofOf(p.Loyal, p.Unproven)
	return p
}

// attitudeBy gives on which rung a steady customer would stand by some weights:
// LOYAL, or FREQUENT, unproven; "" for one who is bound.
func attitudeBy(a *crm.Attitude, w *Weights) crm.Rung {
	points := a.Adjustment
	for _, e := range a.Evidence {
		points += w[e.Signal] * e.Points
	}
	index := logistic(points)
	switch {
	case !a.Enough:
		return crm.RungFrequent
	case index >= highAttitude:
		return crm.RungLoyal
	case index <= lowAttitude:
		return ""
	}
	return crm.RungFrequent
}

// Weighs reports that two lists of weights are the same, to what is shown of them.
func (w Weights) Weighs(other []float64) bool {
	if len(other) == 0 {
		other = TableWeights[:]
	}
	for i := range w {
		if i >= len(other) || math.Abs(w[i]-other[i]) > 5e-4 {
			return false
		}
	}
	return true
}
