package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/outbound"
	"kaveri/outbound/compose"
	"kaveri/store"
	"kaveri/web"
)

// postbox puts drafts into colleagues' mailboxes for the pages.
type postbox struct {
	s       *store.Store
	folders *ingest.SentFolders
	now     func() time.Time
}

var _ web.Postbox = (*postbox)(nil)

func newPostbox(s *store.Store, now func() time.Time) *postbox {
	// Somebody waits for it.
	patience := ingest.Patience{Dial: 15 * time.Second, Quiet: 20 * time.Second}
	return &postbox{s, &ingest.SentFolders{Store: s, Patience: patience, Now: now}, now}
}

// MoveDraft puts an own draft into the Drafts folder of its mailbox. It bears no
// Message-ID of the ledger and no signature: the program that sends it makes
// both.
func (p *postbox) MoveDraft(ctx context.Context, v crm.Viewer, id crm.DraftID) error {
	d, err := p.s.FullDraft(ctx, v, id)
	if err != nil {
		return err
	}
	boxes, err := p.s.OwnMailboxes(ctx, v)
	if err != nil {
		return err
	}
	staff, err := p.s.Staff(ctx)
	if err != nil {
		return err
	}
	var from crm.Party
	for _, b := range boxes {
		if b.ID == d.Mailbox && b.State == crm.MailboxPaused {
			return crm.Forbidden("the mailbox %s is paused; go on with it under Mailboxes", b.Address)
		}
		if b.ID == d.Mailbox {
			from.Address = b.Address
		}
	}
	for _, s := range staff {
		if s.ID == v.Staff {
			from.Name = s.Name
		}
	}
	if from.Address == "" {
		return crm.Invalid("from", "choose one of your own mailboxes to write from")
	}
	raw, err := compose.New(nil, p.now).Compose(outbound.Letter(&d, from), "draft."+rand.Text()+"@"+from.Address.Domain(), p.now())
	if err != nil {
		return err
	}
	err = p.folders.SaveDraft(ctx, d.Mailbox, raw)
	var known *crm.Error
	if err != nil && !errors.As(err, &known) {
		err = crm.Unavailable(err, "the mailbox cannot be reached just now")
	}
	return err
}
