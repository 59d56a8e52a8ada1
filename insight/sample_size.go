package insight

import "math"

// zPower is z(.975) + z(.8): to find a difference in 80 of 100 experiments that
// may cry wolf in 5.
var zPower = NormalQuantile(1-alpha/2) + NormalQuantile(.8)

// PeopleNeeded gives how many people must take part, both arms together, to see
// a difference of means. sd is the standard deviation of the outcome, rho its
// correlation with the history it is adjusted by (0: none), holdout the share
// that is held out. A holdout of a half needs the fewest. It is 0 when no number
// would do.
func PeopleNeeded(difference, sd, rho, holdout float64) int {
	return people(square(zPower*sd/difference) * (1 - rho*rho) / (holdout * (1 - holdout)))
}

// PeopleNeededShares gives how many people each of two equal arms must have to
// tell a share p from a share q.
func PeopleNeededShares(p, q float64) int {
	return people(square(zPower) * (p*(1-p) + q*(1-q)) / square(p-q))
}

func people(n float64) int {
	if math.IsNaN(n) || n > 1e15 {
		return 0
	}
	return int(math.Ceil(n))
}

// needed tells how many people it would take to see the difference that matters.
func (e Experiment) needed(o ExperimentOptions) Needed {
	best := e.Best()
	n := Needed{Difference: o.Worth}
	if o.Worth == 0 {
		n.Difference = math.Abs(best.Difference)
	}
	t, c := best.Treated, best.Holdout
	variance := (float64(t.N-1)*t.Variance + float64(c.N-1)*c.Variance) / float64(t.N+c.N-2)
	if variance == 0 || n.Difference == 0 {
		return n
	}
	n.People = PeopleNeeded(n.Difference, math.Sqrt(variance), 0, o.Holdout)
	at := AlwaysValidMultiplier(1, 1)
	wider := square((at + NormalQuantile(.8)) / zPower)
	n.AnyTime = people(wider * square(zPower/n.Difference) * variance / (o.Holdout * (1 - o.Holdout)))
	return n
}
