package storetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// ledgerRun is a random history of the ledger, held against the state machine
// of the domain after every deed.
type ledgerRun struct {
	*world
	rand     *rand.Rand
	mailings []crm.MailingID
	lease    crm.Lease
	old      []crm.Lease
	claimed  []crm.Dispatch                           // every claim there ever was
	states   map[crm.DispatchID]crm.DispatchState     // as they were after the last deed
	mailing  map[crm.DispatchID]crm.MailingID         // whose it is
	address  map[crm.DispatchID]crm.Address           // and to whom
	before   map[crm.MailingID]crm.MailingState       // mailings before the deed
	stopped  map[crm.Address]map[crm.MailingKind]bool // suppressed before the deed
	kinds    map[crm.MailingID]crm.MailingKind
	deed     string
}

func testLedgerRandom(t *testing.T, s *store.Store) {
	seeds, deeds := 4, 150
	if os.Getenv("KAVERI_SOAK") != "" {
		seeds, deeds = 50, 1000
	}
	w := newWorld(t, s)
	for seed := range seeds {
		r := &ledgerRun{world: w, rand: rand.New(rand.NewPCG(uint64(seed), 7)), states: map[crm.DispatchID]crm.DispatchState{},
			mailing: map[crm.DispatchID]crm.MailingID{}, address: map[crm.DispatchID]crm.Address{}, kinds: map[crm.MailingID]crm.MailingKind{}}
		r.begin(seed)
		for i := range deeds {
			r.look()
			r.act()
			r.compare(fmt.Sprintf("seed %d, deed %d, %s", seed, i, r.deed))
			if t.Failed() {
				return
			}
		}
		for _, id := range r.mailings {
			w.check(s.StopMailing(w.ctx, w.anna, id))
		}
		w.check(s.ReleaseLease(w.ctx, r.lease))
	}
}

// begin makes a few mailings, some to the same people.
func (r *ledgerRun) begin(seed int) {
	for i := range 4 {
		m := letterTo(fmt.Sprintf("random %d %d", seed, i))
		if m.Start = time.Now(); i == 3 {
			m.Kind = crm.MailingDirect
		}
		var to []crm.Address
		for range 12 {
			to = append(to, crm.Address(fmt.Sprintf("r%d@random%d.example", r.rand.IntN(30), seed)))
		}
		id := r.world.mailing(m, to...)
		r.mailings, r.kinds[id] = append(r.mailings, id), m.Kind
	}
	r.lease = r.world.lease(fmt.Sprint("random ", seed))
	r.read()
}

// read gives the dispatches as the ledger has them.
func (r *ledgerRun) read() map[crm.DispatchID]crm.Dispatch {
	out := map[crm.DispatchID]crm.Dispatch{}
	for _, id := range r.mailings {
		ds, _, err := r.s.Dispatches(r.ctx, crm.SystemViewer, id, "", crm.PageKey{}, 500)
		r.check(err)
		for _, d := range ds {
			out[d.ID] = d
			r.mailing[d.ID], r.address[d.ID] = id, d.Address
			if _, ok := r.states[d.ID]; !ok {
				r.states[d.ID] = d.State
			}
		}
	}
	return out
}

// look notes what may forbid a step.
func (r *ledgerRun) look() {
	r.before = map[crm.MailingID]crm.MailingState{}
	for _, id := range r.mailings {
		m, err := r.s.Mailing(r.ctx, id)
		r.check(err)
		r.before[id] = m.State
	}
	r.stopped = map[crm.Address]map[crm.MailingKind]bool{}
	for _, a := range r.address {
		if r.stopped[a] == nil {
			r.stopped[a] = map[crm.MailingKind]bool{}
			for _, k := range []crm.MailingKind{crm.MailingAudience, crm.MailingDirect} {
				_, stopped, err := r.s.IsSuppressed(r.ctx, a, k, "")
				r.check(err)
				r.stopped[a][k] = stopped
			}
		}
	}
}

// act does one thing, sensible or not.
func (r *ledgerRun) act() {
	id := r.mailings[r.rand.IntN(len(r.mailings))]
	for _, d := range r.some(1) { // rather where something is in hand
		id = d.Mailing
	}
	var err error
	switch n := r.rand.IntN(20); {
	case n < 3:
		r.deed = "claim"
		var ds []crm.Dispatch
		ds, err = r.s.Claim(r.ctx, r.lease, r.rand.IntN(8))
		r.claimed = append(r.claimed, ds...)
	case n > 3 && n < 10:
		r.deed = "settle"
		err = r.settle(r.lease)
	case n == 11:
		r.deed = "return"
		var rs []crm.Return
		for _, d := range r.some(3) {
			rs = append(rs, crm.Return{Dispatch: d.ID, Due: []time.Time{{}, time.Now()}[r.rand.IntN(2)]})
		}
		err = r.s.Return(r.ctx, r.lease, rs)
	case n == 12:
		r.deed = "crash"
		r.check(r.s.ReleaseLease(r.ctx, r.lease))
		r.old = append(r.old, r.lease)
		r.lease = r.world.lease("next")
		_, err = r.s.Recover(r.ctx, r.lease)
	case n == 13 && len(r.old) > 0:
		r.deed = "under an old lease"
		l := r.old[r.rand.IntN(len(r.old))]
		if err := r.settle(l); crm.KindOf(err) != crm.KindConflict {
			r.Errorf("an old lease settles: %v", err)
		}
		return
	case n == 14:
		r.deed = "pause"
		err = r.s.PauseMailing(r.ctx, id, "random")
	case n == 10 || n == 15:
		r.deed = "resume"
		err = r.s.ResumeMailing(r.ctx, r.anna, id)
	case n == 16:
		if r.deed = "stop"; r.rand.IntN(8) == 0 {
			err = r.s.StopMailing(r.ctx, r.anna, id)
		}
	case n == 17:
		r.deed = "retry"
		_, err = r.s.RetryFailed(r.ctx, r.anna, id)
	case n == 3 || n == 18:
		r.deed = "suppress or lift"
		err = r.suppress()
	default:
		r.deed = "settle a doubt"
		err = r.doubt()
	}
	if err != nil && crm.KindOf(err) != crm.KindConflict && crm.KindOf(err) != crm.KindNotFound {
		r.Errorf("%s: %v", r.deed, err)
	}
}

// some gives claims, among them some of long ago.
func (r *ledgerRun) some(n int) []crm.Dispatch {
	var out []crm.Dispatch
	for range min(n, len(r.claimed)) {
		out = append(out, r.claimed[len(r.claimed)-1-r.rand.IntN(min(len(r.claimed), 12))])
	}
	return out
}

func (r *ledgerRun) settle(l crm.Lease) error {
	var as []crm.Attempt
	for _, d := range r.some(4) {
		a := attempt(d, []crm.DispatchState{crm.Sent, crm.Sent, crm.Deferred, crm.Failed, crm.Unknown}[r.rand.IntN(5)], 250)
		if a.State == crm.Deferred {
			a.Due, a.Reason = time.Now().Add(-time.Second), "later"
		}
		as = append(as, a)
	}
	var arm []crm.DispatchID
	for _, d := range r.some(5) {
		arm = append(arm, d.ID)
	}
	refused, err := r.s.Settle(r.ctx, l, as, arm)
	if err != nil {
		return err
	}
	now := r.read()
	for _, id := range arm {
		no := slices.ContainsFunc(refused, func(f crm.Refused) bool { return f.Dispatch == id && f.State == now[id].State })
		if now[id].State != crm.Armed && !no {
			r.Errorf("dispatch %d was to be armed, is %s and not among the refused %v", id, now[id].State, refused)
		}
	}
	return nil
}

func (r *ledgerRun) suppress() error {
	if d := r.some(1); len(d) > 0 {
		a, reason := d[0].Address, crm.SuppressionReasons[r.rand.IntN(len(crm.SuppressionReasons))]
		if r.rand.IntN(3) > 0 {
			return r.s.LiftSuppression(r.ctx, r.anna, a, reason, "")
		}
		return r.s.Suppress(r.ctx, crm.Suppression{Address: a, Reason: reason})
	}
	return nil
}

func (r *ledgerRun) doubt() error {
	if ds := r.some(1); len(ds) > 0 {
		d := ds[0]
		switch r.rand.IntN(5) {
		case 0:
			return r.s.ResendOnce(r.ctx, d.ID)
		case 1:
			return r.s.SettleUnknown(r.ctx, d.ID, crm.Sent, "a reply")
		case 2:
			return r.s.ResolveUnknown(r.ctx, r.anna, d.ID, crm.Cancelled)
		case 3:
			return r.s.RetryDispatch(r.ctx, r.anna, d.ID)
		default:
			return r.s.Undelivered(r.ctx, d.ID, "550")
		}
	}
	return nil
}

// compare holds what has changed against what may.
func (r *ledgerRun) compare(when string) {
	now := r.read()
	if len(now) != len(r.states) {
		r.Errorf("%s: %d dispatches are %d", when, len(r.states), len(now))
	}
	for id, d := range now {
		was := r.states[id]
		if d.State == was {
			continue
		}
		// Ready is passed and never written.
		passed := (was == crm.Claimed || was == crm.Armed) && was.MayBecome(crm.Ready) && crm.Ready.MayBecome(d.State)
		if !was.MayBecome(d.State) && !passed {
			r.Errorf("%s: a mail that was %s is %s", when, was, d.State)
		}
		if r.deed == "under an old lease" {
			r.Errorf("%s: a mail that was %s is %s", when, was, d.State)
		}
		m := r.mailing[id]
		if d.State == crm.Claimed || d.State == crm.Armed {
			if r.before[m] != crm.MailingRunning || r.stopped[d.Address][r.kinds[m]] || d.Token != r.lease.Token {
				r.Errorf("%s: a mail of a mailing that is %s (suppressed: %v) under claim %d of %d is %s", when, r.before[m], r.stopped[d.Address], d.Token, r.lease.Token, d.State)
			}
		}
		r.states[id] = d.State
	}
	r.check(r.s.Integrity(r.ctx))
}
