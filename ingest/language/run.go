package language

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"kaveri/crm"
)

// Store is what the service needs of the store.
type Store interface {
	Unlanguaged(ctx context.Context, limit int) ([]crm.WrittenText, error)
	SetLanguages(ctx context.Context, languages map[crm.MessageID]string) error
}

// A batch is what is told in one transaction: small, so that capture does not
// wait for it.
const batch = 200

// CatchUp tells the language of all mails that were not looked at, until ctx
// ends, and gives how many it told. The end of ctx is no failure: what is left
// is found the next time.
func CatchUp(ctx context.Context, s Store) (told int, err error) {
	for {
		n, err := step(ctx, s)
		told += n
		switch {
		case ctx.Err() != nil:
			return told, nil
		case err != nil || n < batch:
			return told, err
		}
	}
}

func step(ctx context.Context, s Store) (int, error) {
	texts, err := s.Unlanguaged(ctx, batch)
	if err != nil || len(texts) == 0 {
		return 0, err
	}
	told := make(map[crm.MessageID]string, len(texts))
	for _, t := range texts {
		told[t.ID], _ = Of(t.Text)
	}
	return len(texts), s.SetLanguages(ctx, told)
}

// Options set up [Run]. Only Store is needed.
type Options struct {
	Store Store
	Busy  func() bool // mail is being captured: wait
	Log   *slog.Logger
	Every time.Duration // how often new mail is looked for; 20 s
	Pause time.Duration // between two batches, and while capture is busy; 0.2 s
}

// Run tells the language of mail as it comes until ctx ends. Capture goes
// first, and between two batches others have the database.
func Run(ctx context.Context, o Options) error {
	if o.Every <= 0 {
		o.Every = 20 * time.Second
	}
	if o.Pause <= 0 {
		o.Pause = 200 * time.Millisecond
	}
	for {
		wait := o.Pause
		if o.Busy == nil || !o.Busy() {
			n, err := step(ctx, o.Store)
			if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) && o.Log != nil {
				o.Log.Error("the language of mails cannot be noted; trying again", "err", err)
			}
			if n < batch || err != nil {
				wait = o.Every
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}
