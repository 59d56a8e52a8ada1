package enrich

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"kaveri/crm"
	"kaveri/ingest/language"
	"kaveri/ingest/signature"
	"kaveri/ingest/wishes"
)

// Store is what the service needs of the store.
type Store interface {
	Firm(ctx context.Context) (crm.Firm, error)
	// Unenriched gives mails that were not read yet, oldest first.
	Unenriched(ctx context.Context, limit int) ([]crm.WrittenText, error)
	Enrich(ctx context.Context, list []crm.Reading) error
	// OrderMails gives mails that may carry orders and were not looked at yet;
	// TakeOrderMail notes one, with the orders in it.
	OrderMails(ctx context.Context, limit int) ([]crm.OrderMail, error)
	TakeOrderMail(ctx context.Context, id crm.MessageID, list []crm.Order) error
}

// A batch is what is noted in one transaction: small, so that capture does not
// wait for it.
const batch = 200

// CatchUp reads all mails that were not read yet, until ctx ends, and gives how
// many it read. The end of ctx is no failure: what is left is found the next
// time.
func CatchUp(ctx context.Context, s Store) (read int, err error) {
	for {
		n, err := step(ctx, s)
		if read += n; err == nil {
			var orders int
			if orders, err = orderStep(ctx, s); orders == batch {
				n = batch
			}
		}
		switch {
		case ctx.Err() != nil:
			return read, nil
		case err != nil || n < batch:
			return read, err
		}
	}
}

func step(ctx context.Context, s Store) (int, error) {
	texts, err := s.Unenriched(ctx, batch)
	if err != nil || len(texts) == 0 {
		return 0, err
	}
	firm, err := s.Firm(ctx)
	if err != nil {
		return 0, err
	}
	home := signature.Home(&firm)
	list := make([]crm.Reading, len(texts))
	for i := range texts {
		list[i] = read(&texts[i], home)
	}
	return len(list), s.Enrich(ctx, list)
}

// read reads one mail; home is the firm's country.
func read(t *crm.WrittenText, home string) crm.Reading {
	r := crm.Reading{ID: t.ID}
	if t.Text != "" {
		r.Language, _ = language.Of(t.Text)
		r.Sayings = wishes.Find(t.Text, r.Language, t.Place, crm.DayOf(t.At))
	}
	if t.Signature != "" {
		r.Details = signature.Details(signature.Read(t.Signature, t.Author.Name, signature.Region(t.Author.Address, r.Language, home)))
	}
	return r
}

// Options set up [Run]. Only Store is needed.
type Options struct {
	Store Store
	Busy  func() bool // mail is being captured: wait
	Log   *slog.Logger
	Every time.Duration // how often new mail is looked for; 20 s
	Pause time.Duration // between two batches, and while capture is busy; 0.2 s
}

// Run reads mail as it comes until ctx ends. Capture goes
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
			if err == nil {
				var orders int
				if orders, err = orderStep(ctx, o.Store); orders == batch {
					n = batch
				}
			}
			if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) && o.Log != nil {
				o.Log.Error("what was read from mails cannot be noted; trying again", "err", err)
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
