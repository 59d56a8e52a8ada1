package web

import (
	"context"

	"kaveri/crm"
)

// Ledger is what the pages about sending read and change. Every read takes a
// viewer and returns only what that viewer may see.
type Ledger interface {
	// Mailings gives the newest first, ReadMailing one with its text.
	Mailings(ctx context.Context, v crm.Viewer, states []crm.MailingState, page crm.PageKey, limit int) ([]crm.MailingRow, crm.PageKey, error)
	ReadMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) (crm.MailingRow, error)
	// Responses counts what came back of a mailing, people and machines apart.
	Responses(ctx context.Context, v crm.Viewer, id crm.MailingID) ([]crm.Response, error)
	// LinkClicks counts the mails whose links were opened, link by link; none
	// when clicks are not counted.
	LinkClicks(ctx context.Context, v crm.Viewer, id crm.MailingID) ([]crm.LinkClicks, error)
	// MailingWaits tells of mail that is put off.
	MailingWaits(ctx context.Context, v crm.Viewer, id crm.MailingID) (crm.MailingWait, error)
	StartMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) error
	// PauseMailing takes no viewer: a guardrail pauses too.
	PauseMailing(ctx context.Context, id crm.MailingID, reason string) error
	// ResumeMailing goes on with one that is paused or held.
	ResumeMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) error
	StopMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) error
	// RetryFailed gives how many are sent again.
	RetryFailed(ctx context.Context, v crm.Viewer, id crm.MailingID) (int, error)

	// Dispatches gives the recipients of a mailing in a state, "" in any.
	Dispatches(ctx context.Context, v crm.Viewer, id crm.MailingID, state crm.DispatchState, page crm.PageKey, limit int) ([]crm.Dispatch, crm.PageKey, error)
	Dispatch(ctx context.Context, v crm.Viewer, id crm.DispatchID) (crm.Dispatch, error)
	Attempts(ctx context.Context, v crm.Viewer, id crm.DispatchID) ([]crm.Attempt, error)
	DispatchEvents(ctx context.Context, v crm.Viewer, id crm.DispatchID) ([]crm.DispatchEvent, error)
	RetryDispatch(ctx context.Context, v crm.Viewer, id crm.DispatchID) error
	// UnknownOf gives the recipients of a mailing that may have their mail or
	// not; ResolveUnknown settles one as sent, queued or cancelled.
	UnknownOf(ctx context.Context, v crm.Viewer, id crm.MailingID, page crm.PageKey, limit int) ([]crm.Doubt, crm.PageKey, error)
	ResolveUnknown(ctx context.Context, v crm.Viewer, id crm.DispatchID, state crm.DispatchState) error

	// ListSenders gives them without their passwords.
	ListSenders(ctx context.Context, v crm.Viewer) ([]crm.Sender, error)
	AddSender(ctx context.Context, v crm.Viewer, m crm.Sender) (crm.Sender, error)
	RemoveSender(ctx context.Context, v crm.Viewer, id crm.SenderID) error
	// WarmUps gives how much domains that warm up have sent, by domain, then the
	// most today first.
	WarmUps(ctx context.Context) ([]crm.WarmUpCount, error)

	// Suppressions gives those that stand, the newest first.
	Suppressions(ctx context.Context, v crm.Viewer, page crm.PageKey, limit int) ([]crm.Suppression, crm.PageKey, error)
	Suppress(ctx context.Context, s crm.Suppression) error
	LiftSuppression(ctx context.Context, v crm.Viewer, a crm.Address, r crm.SuppressionReason, topic string) error

	// UnmatchedReports gives reports that name no mail of ours.
	UnmatchedReports(ctx context.Context, v crm.Viewer, page crm.PageKey, limit int) ([]crm.UnmatchedReport, crm.PageKey, error)
	SeenUnmatched(ctx context.Context, v crm.Viewer, id crm.MessageID) error

	// SendingHeld says in English why nothing is sent from here, "" when mail
	// is; ConfirmInstance says that it may be.
	SendingHeld(ctx context.Context) (string, error)
	ConfirmInstance(ctx context.Context, v crm.Viewer) error
}

// Courier tries mail servers that take our mail.
type Courier interface {
	// TrySender signs in; nil, or a [crm.Error] whose sentence says what is
	// wrong. A sender with an id and without a password is tried with the one
	// that is kept, and what came of it is noted.
	TrySender(ctx context.Context, m crm.Sender) error
}
