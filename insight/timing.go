package insight

import (
	"math"

	"kaveri/crm"
)

// The shares S_H at which the timing changes (docs/loyalty.md §8.2).
const (
	dueShare     = .50
	overdueShare = .20
	lapsedShare  = .05
)

// shortestHorizon is the least time to wait for an order, in days.
const shortestHorizon = 365

// Horizon gives H, the time within which an order is waited for: a year, or
// four cycles of a slower business.
func Horizon(clock float64) float64 { return math.Max(shortestHorizon, 4*clock) }

// waiting gives S_H(e) = (S(e) - S(H)) / (1 - S(H)): of those who will order
// within the horizon, the share still silent.
func waiting(silent, atHorizon float64, beyond bool) float64 {
	switch {
	case beyond:
		return 0
	case atHorizon >= 1: // a rhythm so slow that nothing can be said within the horizon
		return 1
	}
	return math.Max(0, (silent-atHorizon)/(1-atHorizon))
}

// above compares shares. A curve of whole days often meets a bound exactly, but
// for the last digit.
func above(share, bound float64) bool { return share > bound+1e-12 }

// TimingOf says what a share still waiting means.
func TimingOf(share float64) crm.Timing {
	switch {
	case above(share, dueShare):
		return crm.TimingOnTime
	case above(share, overdueShare):
		return crm.TimingDue
	case above(share, lapsedShare):
		return crm.TimingOverdue
	}
	return crm.TimingLapsed
}

// Waiting gives S_H of a customer after e days of silence.
func (m Model) Waiting(s Summary, e, horizon float64) float64 {
	return waiting(m.Silence(s, e), m.Silence(s, horizon), e >= horizon)
}

// Day gives the day after the last event on which S_H falls to q.
func (m Model) Day(s Summary, q, horizon float64) float64 {
	return m.day(s, q, horizon, m.Silence(s, horizon))
}

// day is Day when S at the horizon is known: S is then q + (1-q) S(H).
func (m Model) day(s Summary, q, horizon, end float64) float64 {
	return m.silentUntil(s, math.Log(q+(1-q)*end), horizon)
}
