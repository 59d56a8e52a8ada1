package outbound

import (
	"context"
	"log/slog"
	"time"

	"kaveri/crm"
)

// GuardLedger is what the [Guard] asks of the ledger.
type GuardLedger interface {
	// MailingHealth tells what came of the mailings that are running.
	MailingHealth(ctx context.Context) ([]crm.MailingHealth, error)
	// PauseMailing stops claims of a mailing, with the reason for people.
	PauseMailing(ctx context.Context, id crm.MailingID, reason string) error
}

// Guard pauses mailings that do harm: too many complaints, or too many mails
// that come back. Only a person lets them go on, and then they are judged by
// what comes after.
type Guard struct {
	Ledger GuardLedger
	Every  time.Duration
	Log    *slog.Logger
}

// Run watches until ctx ends.
func (g *Guard) Run(ctx context.Context) error {
	return repeat(ctx, g.Every, g.Pass, g.Log, "mailings cannot be watched just now; trying again")
}

// Pass looks at all running mailings once.
func (g *Guard) Pass(ctx context.Context) error {
	all, err := g.Ledger.MailingHealth(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if reason := all[i].Alarm(); reason != "" {
			if err := g.Ledger.PauseMailing(ctx, all[i].Mailing, reason); err != nil {
				return err
			}
		}
	}
	return nil
}
