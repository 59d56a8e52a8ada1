package outbound

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"kaveri/crm"
)

// warmth is how much domains that warm up have sent to each provider today. The
// ledger counts what was sent, in the transaction that says so; this adds what
// is on its way, and plans the days of what has to wait. It is read anew with
// each lease and each day.
type warmth struct {
	mu  sync.Mutex
	day int64
	all map[crm.WarmUpKey]*warm
}

// warm is one domain at one provider.
type warm struct {
	today, best int
	plan        int64 // the day that is being filled with mail that waits; 0: none yet
	size, room  int   // how many go on it, and how many places are left
}

// load takes over what the ledger has counted.
func (p *warmth) load(counts []crm.WarmUpCount, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.day, p.all = crm.WarmUpDay(now), map[crm.WarmUpKey]*warm{}
	for _, c := range counts {
		p.all[c.WarmUpKey] = &warm{today: c.Today, best: c.Best}
	}
}

// stale reports that another day has begun.
func (p *warmth) stale(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.day != crm.WarmUpDay(now)
}

// reserve takes the place of one mail, on the day that it gives. When today is
// full, that is the day on which, as things are, the mail can go. most is how
// many go today.
func (p *warmth) reserve(plan crm.WarmUp, k crm.WarmUpKey) (ok bool, day int64, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.all[k]
	if q == nil {
		q = &warm{}
		p.all[k] = q
	}
	most, limited := plan.Ceiling(q.best)
	if !limited || q.today < most {
		q.today++
		return true, p.day, most
	}
	if q.plan == 0 {
		q.plan, q.size = p.day+1, places(plan, max(q.best, q.today))
		q.room = q.size
	}
	if q.room == 0 {
		q.plan, q.size = q.plan+1, places(plan, q.size)
		q.room = q.size
	}
	q.room--
	return false, q.plan, most
}

// places gives how many mails go on a day that follows a best one.
func places(plan crm.WarmUp, best int) int {
	n, limited := plan.Ceiling(best)
	if !limited {
		return math.MaxInt
	}
	return n
}

// release gives back the place of a mail that was not sent.
func (p *warmth) release(j *job) {
	if j.warm.Domain == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if q := p.all[j.warm]; q != nil && j.warmDay == p.day && q.today > 0 {
		q.today--
	}
	j.warm = crm.WarmUpKey{}
}

// warmUp takes a place for a job under the plan of its sender. When there is
// none today, it says how the mail is put off: to the time of the day at which
// its mailing began.
func (s *Service) warmUp(j *job, plan crm.WarmUp, provider string) (crm.Return, bool) {
	if plan.Start == 0 || !j.m.Kind.Bulk() { // who is written to by a colleague is not kept waiting
		return crm.Return{}, true
	}
	k := crm.WarmUpKey{Domain: j.m.From.Address.Domain(), Provider: provider}
	ok, day, most := s.warmth.reserve(plan, k)
	if ok {
		j.warm, j.warmDay = k, day
		return crm.Return{}, true
	}
	start := j.m.Start.UTC()
	due := crm.WarmUpStart(day).Add(start.Sub(start.Truncate(24 * time.Hour)))
	s.say(Status{Sending: true, Problem: "mail from " + k.Domain + " is put off: the domain warms up (kaveri sender list says how far it is)"})
	return crm.Return{Dispatch: j.d.ID, Due: due, Reason: fmt.Sprintf("warm-up: %d mails from %s to %s go today, and that many have gone", most, k.Domain, k.Provider)}, false
}

// loadWarmth reads what was sent under plans, when another day has begun.
func (s *Service) loadWarmth(ctx context.Context) error {
	now := s.o.Now()
	if !s.warmth.stale(now) {
		return nil
	}
	counts, err := s.o.Ledger.WarmUps(ctx)
	if err != nil {
		return err
	}
	s.warmth.load(counts, now)
	return s.o.Ledger.ForgetWarmUps(ctx)
}
