package outbound

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"kaveri/crm"
)

// paces is what a process knows of how fast each sender may write to each
// provider. It outlives a lease, and what limits anybody is kept in the ledger:
// a new start must not begin by annoying those who asked for patience.
type paces struct {
	mu    sync.Mutex
	all   map[paceKey]*pace
	dirty map[paceKey]bool
}

type paceKey struct {
	sender   crm.SenderID
	provider string
}

// whole stands for the sender itself, whoever the provider is.
const whole = ""

func (p *paces) of(k paceKey) *pace {
	q := p.all[k]
	if q == nil {
		q = &pace{}
		p.all[k] = q
	}
	return q
}

// reserve takes the place of one mail at its provider and at the sender, whose
// own limit is rate mails a second (0: none).
func (p *paces) reserve(k paceKey, rate float64, now time.Time) (ok bool, again time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ok, again = p.of(k).reserve(now); !ok || rate == 0 {
		return ok, again
	}
	own := p.of(paceKey{k.sender, whole})
	if own.Rate != rate {
		own.Rate, own.Ceiling, own.fixed = rate, 0, true
	}
	return own.reserve(now)
}

func (p *paces) went(k paceKey, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(k).went(now)
}

func (p *paces) slower(k paceKey, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(k).slower(now)
	p.dirty[k] = true
}

// load takes over what an earlier process has learned, unless this one knows
// better.
func (p *paces) load(saved []crm.SavedPace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range saved {
		k := paceKey{s.Sender, s.Provider}
		var q pace
		if p.all[k] == nil && json.Unmarshal(s.State, &q) == nil && q.Rate > 0 {
			p.all[k] = &q
		}
	}
}

// changed gives what is to be kept, once.
func (p *paces) changed(now time.Time) []crm.SavedPace {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []crm.SavedPace
	for k := range p.dirty {
		q := p.all[k]
		q.recover(now)
		state, err := json.Marshal(q)
		if err != nil {
			continue // numbers and a time
		}
		out = append(out, crm.SavedPace{Sender: k.sender, Provider: k.provider, State: state, At: now})
		if q.Rate == 0 {
			delete(p.dirty, k)
		}
	}
	return out
}

// keepPaces saves what was learned from time to time.
func (s *Service) keepPaces(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, 10*time.Second)
		s.savePaces(context.WithoutCancel(ctx))
	}
}

func (s *Service) savePaces(ctx context.Context) {
	if list := s.paces.changed(s.o.Now()); len(list) > 0 {
		if err := s.o.Ledger.SavePaces(ctx, list); err != nil {
			s.o.Log.Warn("how fast providers take mail is not kept", "err", err)
		}
	}
}
