package outbound

import (
	"context"
	"time"

	"kaveri/crm"
)

// Ledger is the durable record of what is to be sent and what was. Every call
// that takes a lease fails with [crm.KindConflict] when the lease is no longer
// held, and then changes nothing.
type Ledger interface {
	// AcquireLease gives the right to send, for the given time. While another
	// process holds it, that is an error of kind [crm.KindConflict] whose text
	// names the owner.
	AcquireLease(ctx context.Context, owner string, ttl time.Duration) (crm.Lease, error)
	// RenewLease holds it for the given time from now.
	RenewLease(ctx context.Context, l crm.Lease, ttl time.Duration) (crm.Lease, error)
	// ReleaseLease gives it up at once.
	ReleaseLease(ctx context.Context, l crm.Lease) error

	// Recover settles what earlier owners of the lease had in hand, see
	// [crm.DispatchState.AfterCrash].
	Recover(ctx context.Context, l crm.Lease) (crm.Recovered, error)
	// Claim gives up to n dispatches of running mailings that are due, the
	// longest due first, as claimed under the lease. What has expired or must
	// not be written to is moved to that state instead and not given.
	Claim(ctx context.Context, l crm.Lease, n int) ([]crm.Dispatch, error)
	// Return gives claimed dispatches back unsent.
	Return(ctx context.Context, l crm.Lease, rs []crm.Return) error
	// Settle records attempts and arms dispatches, in this order and in one
	// transaction that is durable when it returns. Of those to be armed it
	// gives the ones that it refused; all others are armed.
	Settle(ctx context.Context, l crm.Lease, attempts []crm.Attempt, arm []crm.DispatchID) ([]crm.Refused, error)

	// Mailing gives a mailing with its text.
	Mailing(ctx context.Context, id crm.MailingID) (crm.Mailing, error)
	// PauseMailing stops claims of a mailing, with the reason for people.
	PauseMailing(ctx context.Context, id crm.MailingID, reason string) error
	// Paces gives what was learned about how fast providers take mail.
	Paces(ctx context.Context) ([]crm.SavedPace, error)
	// SavePaces keeps it.
	SavePaces(ctx context.Context, ps []crm.SavedPace) error
	// WarmUps gives how much domains that warm up have sent to each provider,
	// as their attempts say.
	WarmUps(ctx context.Context) ([]crm.WarmUpCount, error)
	// ForgetWarmUps takes away what no plan looks at any more.
	ForgetWarmUps(ctx context.Context) error
	// Suppress notes that an address is not to be written to.
	Suppress(ctx context.Context, s crm.Suppression) error

	// Senders gives all senders with their passwords, in the order in which
	// they are tried.
	Senders(ctx context.Context) ([]crm.Sender, error)
	// SenderFares notes how a sender fares; problem is for people.
	SenderFares(ctx context.Context, id crm.SenderID, state crm.SenderState, problem string) error
}

// Renderer makes the mail of a dispatch: campaigns renders letters with merge
// tags, a colleague's mail is as it was written. An error of kind
// [crm.KindInvalid] is the dispatch's own and final; any other keeps it
// waiting.
type Renderer interface {
	Render(ctx context.Context, m *crm.Mailing, d *crm.Dispatch) (*crm.Draft, error)
}

// Composer makes the bytes of a draft: RFC 5322, lines ended by CRLF, signed.
type Composer interface {
	// Compose gives the mail as it goes over the wire but for dot-stuffing.
	// messageID stands without angle brackets.
	Compose(d *crm.Draft, messageID string, at time.Time) ([]byte, error)
}
