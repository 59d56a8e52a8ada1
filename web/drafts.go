package web

import (
	"context"

	"kaveri/crm"
)

// Drafts is what the pages on which colleagues write read and change. Drafts
// are their author's alone: another's is as one that is not there.
type Drafts interface {
	OwnMailboxes(ctx context.Context, v crm.Viewer) ([]crm.Mailbox, error)
	// NewDraft begins a draft, or gives the one that was begun already.
	NewDraft(ctx context.Context, v crm.Viewer, d crm.SavedDraft) (crm.SavedDraft, error)
	Draft(ctx context.Context, v crm.Viewer, id crm.DraftID) (crm.SavedDraft, error)
	// SaveDraft fails with [crm.KindConflict] once it was sent.
	SaveDraft(ctx context.Context, v crm.Viewer, d crm.SavedDraft) (crm.SavedDraft, error)
	AddDraftFile(ctx context.Context, v crm.Viewer, id crm.DraftID, f crm.DraftFile) error
	RemoveDraftFile(ctx context.Context, v crm.Viewer, id crm.DraftID, n int) error
	DiscardDraft(ctx context.Context, v crm.Viewer, id crm.DraftID) error
	// SendDraft keeps it and lets it go; it leaves after [crm.UndoTime].
	SendDraft(ctx context.Context, v crm.Viewer, d crm.SavedDraft) (crm.SavedDraft, error)
	// UndoSend takes back all of it, or fails with [crm.KindConflict].
	UndoSend(ctx context.Context, v crm.Viewer, id crm.DraftID) error

	// OwnDrafts gives the viewer's own that are not sent, Outgoing what was sent and
	// is not captured yet, Writers who else is writing.
	OwnDrafts(ctx context.Context, v crm.Viewer, of crm.Correspondence) ([]crm.SavedDraft, error)
	Outgoing(ctx context.Context, v crm.Viewer, of crm.Correspondence) ([]crm.Outgoing, error)
	Writers(ctx context.Context, v crm.Viewer, of crm.Correspondence) ([]crm.Writing, error)
	SuppressionsOf(ctx context.Context, v crm.Viewer, a crm.Address) ([]crm.Suppression, error)

	// Snippets are the texts that colleagues put into mails.
	Snippets(ctx context.Context, v crm.Viewer) ([]crm.Snippet, error)
	SaveSnippet(ctx context.Context, v crm.Viewer, t crm.Snippet) (crm.Snippet, error)
	RemoveSnippet(ctx context.Context, v crm.Viewer, id crm.SnippetID) error
}

// Postbox reaches colleagues' mailboxes.
type Postbox interface {
	// MoveDraft puts an own draft into the Drafts folder of the mailbox that it is
	// written from, to be finished in the usual program. [crm.KindNotFound]: there
	// is no such folder; [crm.KindUnavailable]: it cannot be reached now; any other
	// kind: the server does not let us in.
	MoveDraft(ctx context.Context, v crm.Viewer, id crm.DraftID) error
}
