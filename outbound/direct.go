package outbound

import (
	"context"

	"kaveri/crm"
)

// DraftSource gives what colleagues have written.
type DraftSource interface {
	// SentDraft gives the draft that a mailing was made from, with its files.
	SentDraft(ctx context.Context, m crm.MailingID) (crm.SavedDraft, error)
}

// Direct renders the mail that a colleague writes to people of one conversation:
// as it was written, the same for all of them. It has no list fields and no link
// to unsubscribe.
type Direct struct{ Drafts DraftSource }

var _ Renderer = Direct{}

// Render gives the mail. Its fields To and Cc, its Message-ID and its Date are
// those of the whole draft, whichever recipient it is for.
func (r Direct) Render(ctx context.Context, m *crm.Mailing, _ *crm.Dispatch) (*crm.Draft, error) {
	w, err := r.Drafts.SentDraft(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	out := Letter(&w, m.From)
	// The ledger's text is what was sent; a draft may come back and change.
	out.Subject, out.Text = m.Template.Subject, m.Template.Text
	return out, nil
}

// Letter makes the mail of a draft, whose files have their bytes.
func Letter(w *crm.SavedDraft, from crm.Party) *crm.Draft {
	out := &crm.Draft{Lead: w.Lead, Date: w.Sent, From: from, To: w.To, Cc: w.Cc, Subject: w.Subject, Text: w.Body(), InReplyTo: w.InReplyTo, References: w.References}
	for _, f := range w.Files {
		out.Files = append(out.Files, crm.File{Name: f.Name, Type: f.Type, Data: f.Data})
	}
	return out
}

// Kinds renders mailings of each kind by whom it belongs to.
type Kinds struct {
	Direct  Renderer // what colleagues write
	Mailing Renderer // all else
}

// Render gives the mail of a dispatch.
func (k Kinds) Render(ctx context.Context, m *crm.Mailing, d *crm.Dispatch) (*crm.Draft, error) {
	if m.Kind == crm.MailingDirect {
		return k.Direct.Render(ctx, m, d)
	}
	return k.Mailing.Render(ctx, m, d)
}
