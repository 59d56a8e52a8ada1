package outbound

import (
	"context"
	"log/slog"
	"time"

	"kaveri/crm"
)

// DoubtLedger is what the [Resolver] asks of the ledger.
type DoubtLedger interface {
	// Doubts gives dispatches that have been in doubt since before, a page at a
	// time; the next page begins where the last one says, zero: there is none.
	Doubts(ctx context.Context, before time.Time, page crm.PageKey, limit int) (list []crm.Doubt, next crm.PageKey, err error)
	// SettleUnknown moves a dispatch from unknown to sent, failed, cancelled or
	// queued, with why. One that is not in doubt any more is refused with
	// [crm.KindConflict].
	SettleUnknown(ctx context.Context, id crm.DispatchID, state crm.DispatchState, evidence string) error
	// ResendOnce puts a dispatch in doubt back to be sent, and remembers that.
	ResendOnce(ctx context.Context, id crm.DispatchID) error
	// Mailing gives a mailing with its text.
	Mailing(ctx context.Context, id crm.MailingID) (crm.Mailing, error)
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
	Ledger  DoubtLedger
	Sent    SentFolder // nil: none can be read
	Keyring crm.Keyring
	Now     func() time.Time
	Every   time.Duration // how often doubts are looked at
	Log     *slog.Logger
}

// Run settles until ctx ends.
func (r *Resolver) Run(ctx context.Context) error {
	return repeat(ctx, r.Every, r.Pass, r.Log, "doubts cannot be looked at just now; trying again")
}

// Pass looks at all doubts once.
func (r *Resolver) Pass(ctx context.Context) error {
	const chunk = 100
	before := r.Now().Add(-crm.DoubtWait)
	var page crm.PageKey
	for {
		list, next, err := r.Ledger.Doubts(ctx, before, page, chunk)
		if err != nil {
			return err
		}
		for i := range list {
			// A conflict: a report or a person has settled it meanwhile.
			if err := r.settle(ctx, &list[i]); err != nil && crm.KindOf(err) != crm.KindConflict {
				return err
			}
		}
		if next == (crm.PageKey{}) {
			return nil
		}
		page = next
	}
}

func (r *Resolver) settle(ctx context.Context, d *crm.Doubt) error {
	found, known, from, err := r.filed(ctx, d)
	switch {
	case err != nil:
		return err
	case found:
		return r.Ledger.SettleUnknown(ctx, d.Dispatch.ID, crm.Sent, "it lies in the Sent folder of "+string(from))
	case d.Resent: // once is once
		return nil
	case d.Policy == crm.DoubtResend, d.Policy == crm.DoubtVerify && known:
		return r.Ledger.ResendOnce(ctx, d.Dispatch.ID)
	}
	return nil
}

// filed asks the Sent folder. One that cannot be read just now proves nothing.
func (r *Resolver) filed(ctx context.Context, d *crm.Doubt) (found, known bool, from crm.Address, err error) {
	if r.Sent == nil {
		return false, false, "", nil
	}
	m, err := r.Ledger.Mailing(ctx, d.Dispatch.Mailing)
	if err != nil {
		return false, false, "", err
	}
	from = m.From.Address
	found, known, err = r.Sent.Filed(ctx, from, r.Keyring.MessageID(d.Dispatch.ID, from.Domain()))
	if err != nil {
		r.Log.Warn("a Sent folder cannot be read just now", "of", string(from), "err", err)
		return false, false, from, nil
	}
	return found, known, from, nil
}
