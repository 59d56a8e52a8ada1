package outbound

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kaveri/crm"
)

// term is what a service does under one lease: one loop claims, and every
// sender has a [lane] with its connections.
type term struct {
	s      *Service
	held   context.Context // ends when the lease is lost
	soft   context.Context // ends then, and when sending stops: nothing more is armed
	harden context.CancelFunc
	lease  crm.Lease
	settle *settler
	done   sync.WaitGroup // the settler

	room     chan struct{} // a lane has taken up a job
	lanes    map[crm.SenderID]*lane
	mailings map[crm.MailingID]*crm.Mailing // of this round
}

func (s *Service) newTerm(ctx, held context.Context, lease crm.Lease) *term {
	soft, cancel := context.WithCancel(ctx)
	context.AfterFunc(held, cancel)
	t := &term{s: s, held: held, soft: soft, harden: cancel, lease: lease, settle: newSettler(s.o.Ledger, lease), lanes: map[crm.SenderID]*lane{}, room: make(chan struct{}, 1)}
	t.done.Add(1)
	go func() {
		defer t.done.Done()
		t.settle.run(held)
	}()
	return t
}

// send claims and hands out until ctx ends, the lease is lost, or the ledger
// cannot be read or written, which is its error. Then the term ends, since
// nobody knows what the ledger took of the last claim; the next one finds out.
func (t *term) send(ctx context.Context) error {
	for ctx.Err() == nil && t.held.Err() == nil {
		if err := t.settle.trouble(); err != nil {
			return err
		}
		n, err := t.round(ctx)
		if err != nil && ctx.Err() == nil && t.held.Err() == nil {
			return err
		}
		if n == 0 {
			t.rest(ctx)
		}
		t.waitForRoom(ctx)
	}
	return nil
}

// rest waits until the ledger is asked again.
func (t *term) rest(ctx context.Context) {
	wait := time.NewTimer(t.s.o.Poll)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	case <-t.settle.broken:
	}
}

// waitForRoom returns when a lane has less to do than it can hold: what is
// claimed while all are full would only be given back.
func (t *term) waitForRoom(ctx context.Context) {
	for len(t.lanes) > 0 {
		for _, l := range t.lanes {
			if !l.full() {
				return
			}
		}
		select {
		case <-t.room:
		case <-ctx.Done():
			return
		case <-t.held.Done():
			return
		case <-t.settle.broken:
			return
		}
	}
}

// close lets the connections end what is under way and gives the rest back.
func (t *term) close() {
	for _, l := range t.lanes {
		l.end()
	}
	close(t.settle.in)
	t.done.Wait()
	t.harden()
}

// round claims once and hands out what it got. It gives how many there were.
func (t *term) round(ctx context.Context) (int, error) {
	senders, err := t.s.o.Ledger.Senders(ctx)
	if err != nil {
		return 0, err
	}
	t.refresh(senders)
	if err := t.s.loadWarmth(ctx); err != nil {
		return 0, err
	}
	point("claim")
	ds, err := t.s.o.Ledger.Claim(ctx, t.lease, t.s.o.Claim)
	point("claimed")
	if err != nil {
		return 0, err
	}
	t.mailings = map[crm.MailingID]*crm.Mailing{}
	n, asked := len(ds), t.s.o.Now()
	ds, back := t.ask(ctx, ds)
	for i := range ds {
		if r, ok := t.handOut(ctx, senders, &ds[i], asked); !ok {
			back = append(back, r)
		}
	}
	if len(ds) > 0 && len(back) == 0 {
		t.s.say(Status{Sending: true}) // whatever was lacking is there
	}
	if len(back) > 0 {
		err = t.s.o.Ledger.Return(context.WithoutCancel(ctx), t.lease, back)
	}
	return n, err
}

// refresh brings the lanes in line with what people have set up.
func (t *term) refresh(senders []crm.Sender) {
	for id, l := range t.lanes {
		if i := slices.IndexFunc(senders, func(s crm.Sender) bool { return s.ID == id && !s.Disabled }); i < 0 {
			l.end()
			delete(t.lanes, id)
		} else {
			l.update(senders[i])
		}
	}
	for _, s := range senders {
		if t.lanes[s.ID] == nil && !s.Disabled {
			t.lanes[s.ID] = newLane(t, s)
		}
	}
}

// handOut gives a dispatch to the lane of a sender. When none can take it now
// it says how it is to be given back.
func (t *term) handOut(ctx context.Context, senders []crm.Sender, d *crm.Dispatch, asked time.Time) (crm.Return, bool) {
	back := crm.Return{Dispatch: d.ID}
	m, err := t.mailing(ctx, d.Mailing)
	if err != nil {
		back.Due = t.s.o.Now().Add(time.Minute)
		return back, false
	}
	now := t.s.o.Now()
	l, routed := t.route(senders, m, now)
	switch {
	case l == nil: // all that could are in trouble, or switched off, or there is none: ours to mend, so the mail waits
		t.s.lacking(m, senders, routed)
		back.Due = now.Add(30 * time.Second)
		return back, false
	}
	return l.take(&job{d: *d, m: m, asked: asked}, now)
}

// mailing reads a mailing, once a round.
func (t *term) mailing(ctx context.Context, id crm.MailingID) (*crm.Mailing, error) {
	if m := t.mailings[id]; m != nil {
		return m, nil
	}
	m, err := t.s.o.Ledger.Mailing(ctx, id)
	if err != nil {
		return nil, err
	}
	t.mailings[id] = &m
	return &m, nil
}

// route finds the first sender that may send for the mailing and is well. It
// reports false when none may at all.
func (t *term) route(senders []crm.Sender, m *crm.Mailing, now time.Time) (l *lane, routed bool) {
	for _, s := range senders {
		if !s.Serves(m.From.Address) || m.Sender != 0 && m.Sender != s.ID {
			continue
		}
		routed = true
		if l := t.lanes[s.ID]; l != nil && l.well(now) {
			return l, true
		}
	}
	return nil, routed
}

// fail records that a dispatch has no text that can be sent.
func (t *term) fail(d *crm.Dispatch, reason string) {
	t.settle.record(&crm.Attempt{Dispatch: d.ID, Token: t.lease.Token, Stage: crm.StageRender, At: t.s.o.Now(), State: crm.Failed, Reason: reason})
}

// giveBack returns dispatches that were not sent. When that cannot be written
// the next term does it.
func (t *term) giveBack(rs ...crm.Return) {
	if len(rs) == 0 || t.held.Err() != nil {
		return
	}
	if t.settle.trouble() != nil {
		t.settle.keep(rs)
		return
	}
	point("return")
	defer point("returned")
	if err := t.s.o.Ledger.Return(t.held, t.lease, rs); err != nil && !errors.Is(err, context.Canceled) {
		t.settle.keep(rs)
		t.settle.fail(err)
	}
}
