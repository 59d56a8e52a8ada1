package outbound

import (
	"context"
	"time"

	"kaveri/crm"
)

// Gate is asked about the mails of campaigns just before they are composed: what
// was right when they were put on the ledger may not be so any more. Other mail
// passes without a question.
type Gate interface {
	// Ask gives those of the mails that must not go now: what has a due time goes
	// back to the ledger until then, the rest is called off.
	Ask(ctx context.Context, ds []crm.DispatchID) ([]crm.Gated, error)
}

// gateFresh is how long an answer of the gate is good for: a mail that has waited
// longer for its connection is asked about again.
const gateFresh = time.Second

// ask asks the gate about what was claimed, takes what must not go out of ds, and
// gives how that is returned. When the gate cannot tell, the mails of campaigns
// wait.
func (t *term) ask(ctx context.Context, ds []crm.Dispatch) (pass []crm.Dispatch, back []crm.Return) {
	if t.s.o.Gate == nil {
		return ds, nil
	}
	var ids []crm.DispatchID
	for i := range ds {
		if m, err := t.mailing(ctx, ds[i].Mailing); err == nil && m.Kind == crm.MailingCampaign {
			ids = append(ids, ds[i].ID)
		}
	}
	if len(ids) == 0 {
		return ds, nil
	}
	no := t.refused(ctx, ids)
	pass = ds[:0]
	for i := range ds {
		if r, held := no[ds[i].ID]; held {
			back = append(back, r)
		} else {
			pass = append(pass, ds[i])
		}
	}
	return pass, back
}

// refused gives which of these mails must not go, and how they are returned.
func (t *term) refused(ctx context.Context, ids []crm.DispatchID) map[crm.DispatchID]crm.Return {
	no := map[crm.DispatchID]crm.Return{}
	gated, err := t.s.o.Gate.Ask(ctx, ids)
	if err != nil {
		if ctx.Err() == nil {
			t.s.o.Log.Error("whether mails of campaigns may go cannot be told just now; they wait", "err", err)
		}
		for _, id := range ids {
			no[id] = crm.Return{Dispatch: id, Due: t.s.o.Now().Add(time.Minute)}
		}
		return no
	}
	for _, g := range gated {
		no[g.Dispatch] = crm.Return{Dispatch: g.Dispatch, Due: g.Due, Reason: g.Reason, Cancel: g.Due.IsZero()}
	}
	return no
}

// passes asks about one mail again whose answer is not fresh any more.
func (w *worker) passes(j *job, now time.Time) bool {
	if w.t.s.o.Gate == nil || j.m.Kind != crm.MailingCampaign || now.Sub(j.asked) < gateFresh {
		return true
	}
	r, held := w.t.refused(w.t.soft, []crm.DispatchID{j.d.ID})[j.d.ID]
	if held {
		w.t.s.warmth.release(j)
		w.t.giveBack(r)
	}
	return !held
}
