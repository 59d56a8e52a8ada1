package outbound

import (
	"context"
	"time"

	"kaveri/crm"
)

// DoubtLedger is what the [Resolver] asks of the ledger.
type DoubtLedger interface {
	// Doubts gives dispatches that have been in doubt since before, the oldest
	// first, up to n after the one named.
	Doubts(ctx context.Context, before time.Time, after crm.DispatchID, n int) ([]crm.Doubt, error)
	// SettleDoubt moves a dispatch from unknown to sent, failed, cancelled or
	// queued, with why. One that is not in doubt any more is left as it is.
	SettleDoubt(ctx context.Context, id crm.DispatchID, to crm.DispatchState, why string) error
}

// SentFolder looks for mail that a provider has filed: several file what was
// submitted to them, and then the Sent folder knows what the lost reply would
// have said.
type SentFolder interface {
	// Filed reports whether the Sent folder of the account that writes as from
	// has a mail with this Message-ID. known is false when there is no such
	// folder, or it cannot be read, or it is not known to file what is sent: its
	// silence proves nothing then.
	Filed(ctx context.Context, from crm.Address, messageID string) (found, known bool, err error)
}

// Resolver settles doubts by evidence and, where none turns up, by the policy
// of the mailing. Evidence in mail that comes in settles them without it.
type Resolver struct {
	Ledger DoubtLedger
	Sent   SentFolder // nil: none can be read
	Now    func() time.Time
	Every  time.Duration // how often doubts are looked at
	Failed func(error)   // is told what went wrong
}

// Run settles until ctx ends.
func (r *Resolver) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.Pass(ctx); err != nil && ctx.Err() == nil && r.Failed != nil {
			r.Failed(err)
		}
		pause(ctx, r.Every)
	}
	return nil
}

// Pass looks at all doubts once.
func (r *Resolver) Pass(ctx context.Context) error {
	const chunk = 100
	var after crm.DispatchID
	for {
		ds, err := r.Ledger.Doubts(ctx, r.Now().Add(-crm.DoubtWait), after, chunk)
		if err != nil {
			return err
		}
		for i := range ds {
			if err := r.settle(ctx, &ds[i]); err != nil {
				return err
			}
			after = ds[i].Dispatch.ID
		}
		if len(ds) < chunk {
			return nil
		}
	}
}

func (r *Resolver) settle(ctx context.Context, d *crm.Doubt) error {
	var found, known bool
	if r.Sent != nil {
		var err error
		if found, known, err = r.Sent.Filed(ctx, d.From, d.MessageID); err != nil {
			known = false // a folder that cannot be read just now proves nothing
		}
	}
	switch {
	case found:
		return r.Ledger.SettleDoubt(ctx, d.Dispatch.ID, crm.Sent, "it lies in the Sent folder of "+string(d.From))
	case d.Resent: // once is once
		return nil
	case d.Policy == crm.DoubtResend:
		return r.Ledger.SettleDoubt(ctx, d.Dispatch.ID, crm.Queued, "no evidence turned up; sent again once, as the mailing says")
	case d.Policy == crm.DoubtVerify && known:
		return r.Ledger.SettleDoubt(ctx, d.Dispatch.ID, crm.Queued, "it is not in the Sent folder of "+string(d.From)+"; sent again")
	}
	return nil
}
