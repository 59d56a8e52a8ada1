package insight

import (
	"math"
	"sort"

	"kaveri/crm"
)

// Clumpiness gives H of docs/loyalty.md §2: 0 when the events of a window of so
// many days are spread evenly, 1 when they fall together. positions are the days
// of the events within the window, 1 to window, ascending. It shows a pattern
// ("buys in bursts") and is never a fault: clumpy customers may be worth more.
func Clumpiness(positions []int, window int) float64 {
	n := len(positions)
	if n == 0 {
		return 0
	}
	sum, before := 0.0, 0
	add := func(gap int) {
		if x := float64(gap) / float64(window+1); x > 0 {
			sum += x * math.Log(x)
		}
	}
	for _, p := range positions {
		add(p - before)
		before = p
	}
	add(window + 1 - before)
	return 1 + sum/math.Log(float64(n+1))
}

// ClumpinessOf gives H of the events from the first day to the last, both
// included.
func ClumpinessOf(days []crm.Day, first, last crm.Day) float64 {
	var positions []int
	for _, d := range days {
		if d >= first && d <= last {
			positions = append(positions, int(d-first)+1)
		}
	}
	return Clumpiness(positions, int(last-first)+1)
}

// burstBounds are the values of H that one in twenty customers with random
// timing passes, by the number of events (10^6 draws, to .001).
var burstBounds = []struct {
	events int
	bound  float64
}{{3, .481}, {4, .417}, {5, .373}, {6, .341}, {8, .296}, {10, .267}, {12, .245}, {15, .222}, {20, .196}, {30, .166}}

// Bursts reports events that fall together more than chance would have it. Of
// fewer than three nothing is said.
func Bursts(h float64, events int) bool {
	if events < burstBounds[0].events {
		return false
	}
	i := sort.Search(len(burstBounds), func(i int) bool { return burstBounds[i].events >= events })
	if i == len(burstBounds) { // the bound only falls: on the safe side
		return h > burstBounds[i-1].bound
	}
	at := burstBounds[i]
	if at.events == events {
		return h > at.bound
	}
	below := burstBounds[i-1]
	part := float64(events-below.events) / float64(at.events-below.events)
	return h > below.bound+part*(at.bound-below.bound)
}
