package outbound

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"kaveri/crm"
)

// FilingLedger is what the [Filer] asks of the ledger.
type FilingLedger interface {
	// ClaimFilings gives sent mails whose copy is to be put into their author's
	// Sent folder now; they are the caller's for a while.
	ClaimFilings(ctx context.Context, n int) ([]crm.Filing, error)
	// Filed notes that it lies there.
	Filed(ctx context.Context, id crm.DraftID) error
	// FilingFailed notes why not, and when it is tried again; zero: not any more.
	FilingFailed(ctx context.Context, id crm.DraftID, again time.Time, trouble string) error
	// Mailing gives a mailing with its text.
	Mailing(ctx context.Context, id crm.MailingID) (crm.Mailing, error)
}

// SentAppender puts mail into Sent folders.
type SentAppender interface {
	// Append puts a mail into the Sent folder of a mailbox, unless it lies there
	// already. An error of kind [crm.KindUnavailable] passes by itself.
	Append(ctx context.Context, mailbox crm.MailboxID, raw []byte) error
}

// Filer puts what a colleague has sent from here into that colleague's Sent
// folder, once a server has taken it for some recipient, so that their usual
// program shows it. What is to be done stands in the database: a process that
// dies leaves it to the next, and the folder is asked before anything is put
// into it, so a copy never lies there twice.
type Filer struct {
	Ledger   FilingLedger
	Sent     SentAppender
	Renderer Renderer
	Composer Composer
	Keyring  crm.Keyring
	Now      func() time.Time
	Every    time.Duration // how often it looks
	Log      *slog.Logger
}

// Run files until ctx ends.
func (f *Filer) Run(ctx context.Context) error {
	return repeat(ctx, f.Every, f.Pass, f.Log, "copies of sent mail cannot be looked at just now; trying again")
}

// Pass files what is due.
func (f *Filer) Pass(ctx context.Context) error {
	const some = 10
	list, err := f.Ledger.ClaimFilings(ctx, some)
	if err != nil {
		return err
	}
	for i := range list {
		if err := f.file(ctx, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *Filer) file(ctx context.Context, j *crm.Filing) error {
	err := f.append(ctx, j)
	// What has happened is noted, also when the program ends meanwhile.
	held := context.WithoutCancel(ctx)
	if err == nil {
		return f.Ledger.Filed(held, j.Draft)
	}
	var known *crm.Error
	trouble := "the mail cannot be put into the Sent folder just now"
	if errors.As(err, &known) && known.Kind != crm.KindInternal {
		trouble = known.Text
	} else {
		f.Log.Error("a sent mail is not in its Sent folder", "draft", int64(j.Draft), "err", err)
	}
	return f.Ledger.FilingFailed(held, j.Draft, f.Now().Add(refileAfter(j.Tries)), trouble)
}

// append makes the same bytes as were sent.
func (f *Filer) append(ctx context.Context, j *crm.Filing) error {
	m, err := f.Ledger.Mailing(ctx, j.Mailing)
	if err != nil {
		return err
	}
	d := crm.Dispatch{ID: j.Lead, Mailing: j.Mailing}
	draft, err := f.Renderer.Render(ctx, &m, &d)
	if err != nil {
		return err
	}
	raw, err := composed(f.Composer, f.Keyring, draft, &d, f.Now())
	if err != nil {
		return err
	}
	return f.Sent.Append(ctx, j.Mailbox, raw)
}

// refileAfter is how long after a failed try the next one comes: it is tried
// until it works, since what hinders it (a new password, a server that is down)
// is mended at some time.
func refileAfter(tries int) time.Duration {
	steps := []time.Duration{20 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	return steps[min(tries, len(steps)-1)]
}
