package outbound

import (
	"time"

	"kaveri/crm"
)

// worker has one connection of a lane and sends over it, one mail after the
// other.
type worker struct {
	l    *lane
	t    *term
	at   crm.Sender // to whom session leads
	open *Session   // nil when there is none
}

func (w *worker) hangUp() {
	if w.open != nil {
		w.open.Release()
		w.open = nil
	}
}

// do brings one dispatch as far as it comes today.
func (w *worker) do(j *job) {
	if w.t.soft.Err() != nil || w.t.settle.trouble() != nil {
		w.giveBack(j, time.Time{})
		return
	}
	began := w.t.s.o.Now()
	w.l.mu.Lock()
	sender := w.l.sender
	w.l.mu.Unlock()
	env, body, err := w.t.render(j, &sender)
	switch {
	case crm.KindOf(err) == crm.KindInvalid:
		w.t.s.warmth.release(j)
		w.t.fail(&j.d, sentence(err))
		return
	case err != nil:
		w.t.s.o.Log.Error("a mail cannot be made just now", "dispatch", int64(j.d.ID), "err", err)
		w.giveBack(j, began.Add(time.Minute))
		return
	}
	if !w.dial(&sender, began) {
		w.giveBack(j, began.Add(5*time.Second))
		return
	}
	w.t.settle.busy.Add(1)
	res := w.open.Send(w.t.soft, env, body, func([]int) error { return w.t.settle.arm(j.d.ID) })
	w.t.settle.busy.Add(-1)
	w.settle(j, began, res.Server, &res.Outcomes[0])
}

// giveBack returns a job unsent, to be claimed again when due.
func (w *worker) giveBack(j *job, due time.Time) {
	w.t.s.warmth.release(j)
	w.t.giveBack(crm.Return{Dispatch: j.d.ID, Due: due})
}

// dial makes sure that there is a session. The sender's trouble is not the
// recipient's.
func (w *worker) dial(s *crm.Sender, now time.Time) bool {
	if w.open != nil && !w.open.Over() && sameAccount(&w.at, s) {
		return true
	}
	w.hangUp()
	if !w.l.well(now) {
		return false
	}
	session, err := w.t.s.o.Courier.Session(w.t.soft, *s)
	if err != nil {
		if !Stopped(err) {
			w.l.trouble(err)
		}
		return false
	}
	w.open, w.at = session, *s
	w.l.open()
	return true
}

// settle records what an attempt has come to, and what it means for others.
func (w *worker) settle(j *job, began time.Time, server string, res *Outcome) {
	now := w.t.s.o.Now()
	a := &crm.Attempt{Dispatch: j.d.ID, Token: w.t.lease.Token, Sender: w.at.ID, Server: server, Stage: res.Stage, At: began, Took: now.Sub(began),
		Reply: res.Reply, State: res.State, Reason: res.Reason}
	switch res.State {
	case crm.Sent:
		w.t.s.paces.went(j.pace, now)
	case crm.Ready: // certainly unsent, and nobody refused it
		w.giveBack(j, time.Time{})
		return
	case crm.Deferred:
		a.Due = now.Add(crm.RetryAfter(j.d.Tries+1, w.t.s.o.Spread()))
		if !j.d.Expires.IsZero() && a.Due.After(j.d.Expires) {
			a.Due = j.d.Expires // then it expires
		}
	}
	if a.State != crm.Sent && a.State != crm.Unknown {
		w.t.s.warmth.release(j)
	}
	a.WarmUp = j.warm
	w.t.settle.record(a)
	if res.Refusal == (crm.Refusal{}) {
		return
	}
	w.heed(j, res)
}

// heed draws the consequences of a refusal.
func (w *worker) heed(j *job, res *Outcome) {
	ctx := w.t.held
	if res.Refusal.Slow {
		w.t.s.paces.slower(j.pace, w.t.s.o.Now())
	}
	if res.Refusal.Suppress {
		point("suppress")
		err := w.t.s.o.Ledger.Suppress(ctx, crm.Suppression{Address: j.d.Address, Contact: j.d.Contact, Reason: crm.SuppressedBounced,
			Evidence: res.Reply.String(), Dispatch: j.d.ID, At: w.t.s.o.Now()})
		point("suppressed")
		if err != nil {
			w.t.s.o.Log.Error("an address that does not exist is not suppressed", "dispatch", int64(j.d.ID), "err", err)
		}
	}
	if res.Refusal.Stop && j.m.Kind.Bulk() {
		reason := "mail from " + j.m.From.Address.Domain() + " is refused by " + j.pace.provider + ": " + res.Reply.String()
		if err := w.t.s.o.Ledger.PauseMailing(ctx, j.m.ID, reason); err != nil {
			w.t.s.o.Log.Error("a mailing whose domain is refused is not paused", "mailing", int64(j.m.ID), "err", err)
		}
	}
}
