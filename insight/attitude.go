package insight

import (
	"math"

	"kaveri/crm"
)

// The rules of docs/loyalty.md §8.4.
const (
	priorOpportunities = 4.0 // how much a rate is drawn towards the typical one
	mostPoints         = 2.0 // of one signal, either way
	enoughObservations = 5
	enoughKinds        = 2
	breadthEvents      = 4   // with fewer, breadth merely counts orders
	ownRateFrom        = 200 // opportunities, for the business's own rate
	highAttitude       = .75
	lowAttitude        = .25
)

// Rates are typical rates by signal.
type Rates [crm.SignalCount]float64

// StarterRates are used until the business has its own.
var StarterRates = Rates{
	crm.SignalFullPrice: .60, crm.SignalUnprompted: .50, crm.SignalBreadth: .30, crm.SignalReply: .50,
	crm.SignalInitiative: .40, crm.SignalVoice: .50, crm.SignalForgive: .60,
}

// Weights say how much the signals count.
type Weights [crm.SignalCount]float64

// TableWeights are those of docs/loyalty.md §8.4.
var TableWeights = Weights{1, 1, .75, 1, 1, 1, 1}

// facts gives the single facts that move the attitude, with their points.
func facts(s *crm.Signs) (out []crm.AttitudeFact) {
	if n := s.Recommendations; n > 0 {
		out = append(out, crm.AttitudeFact{Kind: crm.FactRecommended, Count: n, Points: math.Min(2, float64(n))})
	}
	if s.Competitor {
		out = append(out, crm.AttitudeFact{Kind: crm.FactCompetitor, Points: -1})
	}
	if s.OpenComplaint {
		out = append(out, crm.AttitudeFact{Kind: crm.FactComplaint, Points: -1})
	}
	if s.Unsubscribed {
		out = append(out, crm.AttitudeFact{Kind: crm.FactUnsubscribed, Points: -.5})
	}
	return out
}

// kindsOf gives how many signals there are.
func kindsOf(s *crm.Signs) (n int) {
	for _, t := range s.Tallies {
		if t.Of > 0 {
			n++
		}
	}
	return n
}

// AttitudeOf weighs the signs of a customer with so many order events.
func AttitudeOf(s *crm.Signs, events int, typical *Rates, weights *Weights) crm.Attitude {
	a := crm.Attitude{Facts: facts(s)}
	for _, f := range a.Facts {
		a.Adjustment += f.Points
	}
	a.Points = a.Adjustment
	a.Evidence = make([]crm.Evidence, 0, kindsOf(s))
	observations, kinds := 0.0, 0
	for j, t := range s.Tallies {
		signal := crm.Signal(j)
		if t.Of <= 0 || signal == crm.SignalBreadth && events < breadthEvents {
			continue
		}
		e := weigh(signal, t, typical[j], weights[j])
		a.Evidence = append(a.Evidence, e)
		a.Points += e.Weight * e.Points
		kinds++
		if signal != crm.SignalBreadth {
			observations += t.Of
		}
	}
	if s.Recommendations > 0 {
		kinds++
		observations += float64(s.Recommendations)
	}
	a.Index = logistic(a.Points)
	a.Enough = observations >= enoughObservations && kinds >= enoughKinds
	return a
}

// edge keeps a typical rate off 0 and 1, whose log-odds are infinite.
const edge = 1e-6

// weigh gives the evidence of one signal: the log-odds of the customer's rate,
// drawn towards the typical one, less the typical log-odds.
func weigh(signal crm.Signal, t crm.Tally, typical, weight float64) crm.Evidence {
	base := math.Min(1-edge, math.Max(edge, typical))
	p := (t.Successes + priorOpportunities*base) / (t.Of + priorOpportunities)
	points := math.Min(mostPoints, math.Max(-mostPoints, logit(p)-logit(base)))
	return crm.Evidence{Signal: signal, Tally: t, Typical: typical, Shrunk: p, Points: points, Weight: weight}
}

func logit(p float64) float64 { return math.Log(p) - math.Log1p(-p) }

func logistic(l float64) float64 { return 1 / (1 + math.Exp(-l)) }

// Observed is one customer's part in the typical rates.
type Observed struct {
	Events  int
	Tallies [crm.SignalCount]crm.Tally
}

// TypicalRates gives the business's own rates, pooled over the customers with
// two events or more; of breadth the mean share over those with four or more.
// Signals with fewer than 200 opportunities keep their starter rate.
func TypicalRates(customers []Observed) Rates {
	rates := StarterRates
	for j := range rates {
		var s, n, shares, people float64
		for i := range customers {
			c := &customers[i]
			t := c.Tallies[j]
			if t.Of <= 0 || c.Events < 2 || crm.Signal(j) == crm.SignalBreadth && c.Events < breadthEvents {
				continue
			}
			s, n = s+t.Successes, n+t.Of
			shares, people = shares+t.Successes/t.Of, people+1
		}
		switch {
		case n < ownRateFrom:
		case crm.Signal(j) == crm.SignalBreadth:
			rates[j] = shares / people
		default:
			rates[j] = s / n
		}
	}
	return rates
}
