package outbound

import (
	"time"
)

// pace is how fast one sender may write to one provider. It has no limit until
// the provider asks for patience; then it is half of what was sent lately, and
// recovers slowly while nobody complains. Times come in as arguments.
type pace struct {
	Rate    float64   `json:"rate"`    // mails a second; 0: no limit
	Ceiling float64   `json:"ceiling"` // at which the limit is forgotten
	Since   time.Time `json:"since"`   // of the last change of Rate

	fixed bool // set by people: it does not recover

	next    time.Time // when the next mail may go
	planned time.Time // up to when mails that wait have places

	sent   int // since from
	from   time.Time
	lately float64 // mails a second before from
}

const (
	paceWindow   = 10 * time.Second // over which the rate is measured
	paceRecovery = time.Minute      // without a refusal, until the rate grows
	paceGrowth   = 1.25             // by so much
	paceFloor    = 1.0 / 30         // mails a second, at the least
	paceHorizon  = 10 * time.Minute // mails are planned no further ahead
)

// reserve takes the place of one mail and reports whether it may go now. When
// not, it gives when it should be looked at again.
func (p *pace) reserve(now time.Time) (ok bool, again time.Time) {
	p.recover(now)
	if p.Rate == 0 {
		return true, time.Time{}
	}
	if p.next.Before(now.Add(-time.Second)) {
		p.next = now.Add(-time.Second) // unused time is not saved up beyond a second
	}
	step := time.Duration(float64(time.Second) / p.Rate)
	if !p.next.After(now) {
		p.next = p.next.Add(step)
		return true, time.Time{}
	}
	if p.planned.Before(p.next) {
		p.planned = p.next
	}
	if p.planned.Sub(now) < paceHorizon {
		p.planned = p.planned.Add(step)
	}
	return false, p.planned
}

// went notes a mail that was handed over, so that its rate is known.
func (p *pace) went(now time.Time) {
	if p.from.IsZero() {
		p.from = now
	}
	if d := now.Sub(p.from); d >= paceWindow {
		p.lately = float64(p.sent) / d.Seconds()
		p.from, p.sent = now, 0
	}
	p.sent++
}

// slower halves the pace. Refusals of mails that were on their way together
// count once.
func (p *pace) slower(now time.Time) {
	if p.Rate > 0 && now.Sub(p.Since) < time.Second {
		return
	}
	rate := p.Rate
	if rate == 0 {
		rate = p.lately
		if d := now.Sub(p.from).Seconds(); p.sent > 0 {
			rate = max(rate, float64(p.sent)/max(d, 1))
		}
		p.Ceiling = 4 * rate
	}
	p.Rate, p.Since = max(rate/2, paceFloor), now
	p.next = now.Add(time.Duration(float64(time.Second) / p.Rate))
	p.planned = p.next
}

// recover lets the pace grow for the time that has passed.
func (p *pace) recover(now time.Time) {
	for p.Rate > 0 && !p.fixed && now.Sub(p.Since) >= paceRecovery {
		p.Since = p.Since.Add(paceRecovery)
		if p.Rate *= paceGrowth; p.Rate >= p.Ceiling {
			p.Rate, p.Ceiling = 0, 0
		}
	}
}
