package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// SentStore is what [SentFolders] needs of the store.
type SentStore interface {
	// FollowedMailboxes gives the mailboxes with their passwords.
	FollowedMailboxes(ctx context.Context) ([]crm.Mailbox, error)
	// FilesSent reports whether it is known that the provider of the author of a
	// mail of ours files what is submitted to it.
	FilesSent(ctx context.Context, messageID string) (bool, error)
	// NoteFiled notes that it has done so.
	NoteFiled(ctx context.Context, messageID string) error
	// NoteAppending notes durably that we are about to put the mail into its
	// author's folder; Appended reports that we have, or may have.
	NoteAppending(ctx context.Context, messageID string) error
	Appended(ctx context.Context, messageID string) (bool, error)
}

// SentFolders are the Sent and Drafts folders of the staff mailboxes. Here, and
// only here, Kaveri writes into a mailbox: mail that its owner has sent or
// written with Kaveri, added and never changed.
type SentFolders struct {
	Store    SentStore
	Patience Patience // zero: 60 s for each stage
	Now      func() time.Time
}

// The uses of folders that are written to.
const (
	useSent   = "sent"
	useDrafts = "drafts"
)

// Filed reports whether the Sent folder of the mailbox that writes as from has
// a mail with this Message-ID. known is false when its silence proves nothing:
// there is no such mailbox or folder, or its provider is not known to file what
// is submitted. A mail that we have put there ourselves proves nothing either,
// and counts as not found. Nothing is changed (EXAMINE).
func (f *SentFolders) Filed(ctx context.Context, from crm.Address, messageID string) (found, known bool, err error) {
	m, ok, err := f.mailbox(ctx, func(m *crm.Mailbox) bool { return m.Address == from })
	if err != nil || !ok {
		return false, false, err
	}
	on, err := f.dial(ctx, m)
	if err != nil {
		return false, false, err
	}
	defer on.logout()
	folders, err := foldersFor(on, useSent)
	if err != nil || len(folders) == 0 {
		return false, false, err
	}
	for _, folder := range folders {
		if found, err = on.has(folder.Name, messageID); err != nil {
			return false, false, err
		} else if found {
			ours, err := f.Store.Appended(ctx, messageID)
			return !ours && err == nil, !ours && err == nil, err
		}
	}
	known, err = f.Store.FilesSent(ctx, messageID)
	return false, known, err
}

// Append puts a mail that was sent into the Sent folder of a mailbox, as read,
// unless it lies there already because the provider has filed it. Some take a
// moment to do so: where it is known that the provider files, and it has not yet,
// that is an error of kind [crm.KindUnavailable], and so is everything else that
// passes.
func (f *SentFolders) Append(ctx context.Context, mailbox crm.MailboxID, raw []byte) error {
	id := parse.Header(headerOf(raw)).MessageID
	if id == "" {
		return crm.Invalid("mail", "a mail without Message-ID cannot be found again in a Sent folder")
	}
	return f.into(ctx, mailbox, useSent, func(on *session, folders []place) error {
		for _, folder := range folders {
			found, err := on.has(folder.Name, id)
			if err != nil {
				return err
			}
			if found {
				return f.foundThere(ctx, id)
			}
		}
		files, err := f.Store.FilesSent(ctx, id)
		if err != nil {
			return err
		}
		if files {
			return crm.Unavailable(nil, "the provider has not filed the mail yet, as it does")
		}
		// A process that dies from here on leaves the mail there or not; the next
		// one looks, and must not take it for the provider's.
		if err := f.Store.NoteAppending(ctx, id); err != nil {
			return err
		}
		return on.add(folders[0].Name, raw, f.now(), imap.FlagSeen)
	})
}

// foundThere learns of a mail that it lies there, that its provider files; not
// of one that we may have put there in an earlier try.
func (f *SentFolders) foundThere(ctx context.Context, id string) error {
	ours, err := f.Store.Appended(ctx, id)
	if err != nil || ours {
		return err
	}
	return f.Store.NoteFiled(ctx, id)
}

// SaveDraft puts a mail into the Drafts folder of a mailbox, to be finished in
// another program.
func (f *SentFolders) SaveDraft(ctx context.Context, mailbox crm.MailboxID, raw []byte) error {
	return f.into(ctx, mailbox, useDrafts, func(on *session, folders []place) error {
		return on.add(folders[0].Name, raw, f.now(), imap.FlagDraft, imap.FlagSeen)
	})
}

// into opens a mailbox that has folders of a use.
func (f *SentFolders) into(ctx context.Context, id crm.MailboxID, use string, do func(*session, []place) error) error {
	m, ok, err := f.mailbox(ctx, func(m *crm.Mailbox) bool { return m.ID == id })
	if err != nil {
		return err
	}
	if !ok {
		return crm.NotFound("no mailbox that is followed has the number %d", id)
	}
	on, err := f.dial(ctx, m)
	if err != nil {
		return err
	}
	defer on.logout()
	folders, err := foldersFor(on, use)
	if err != nil {
		return passing(err, m)
	}
	if len(folders) == 0 {
		return crm.NotFound("%s has no folder for %s mail", m.Address, map[string]string{useSent: "sent", useDrafts: "unfinished"}[use])
	}
	return passing(do(on, folders), m)
}

// passing makes an error of the connection one that passes: the login worked,
// so trying again may help.
func passing(err error, m crm.Mailbox) error {
	var e *crm.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	var no *imap.Error
	if errors.As(err, &no) {
		return crm.Unavailable(err, "%s did not do it: %s", m.Host, no.Text)
	}
	return crm.Unavailable(err, "the connection to %s broke", m.Host)
}

func (f *SentFolders) mailbox(ctx context.Context, is func(*crm.Mailbox) bool) (crm.Mailbox, bool, error) {
	boxes, err := f.Store.FollowedMailboxes(ctx)
	if err != nil {
		return crm.Mailbox{}, false, err
	}
	for i := range boxes {
		if is(&boxes[i]) {
			return boxes[i], true, nil
		}
	}
	return crm.Mailbox{}, false, nil
}

func (f *SentFolders) dial(ctx context.Context, m crm.Mailbox) (*session, error) {
	return dial(ctx, m, Options{Patience: f.Patience}.withDefaults().Patience)
}

func (f *SentFolders) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// foldersFor gives the folders of a use, those first of which the server says
// so (RFC 6154); the others are told by their names.
func foldersFor(on *session, use string) ([]place, error) {
	all, err := on.list()
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(all, func(p place) bool { return p.Use != use })
	slices.SortStableFunc(out, func(a, b place) int {
		switch {
		case a.special == b.special:
			return 0
		case a.special:
			return -1
		}
		return 1
	})
	return out, nil
}

// has reports whether a folder has a mail with this Message-ID.
func (s *session) has(folder, messageID string) (bool, error) {
	defer s.await()()
	if _, err := s.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return false, fmt.Errorf("examine %s: %w", folder, err)
	}
	// RFC 9051 §6.4.4: the string is looked for within the field, so the
	// brackets around the id do not matter.
	found, err := s.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: messageID}}}, nil).Wait()
	if err != nil {
		return false, fmt.Errorf("search %s: %w", folder, err)
	}
	return len(found.AllUIDs()) > 0, nil
}

// add appends a mail to a folder (RFC 9051 §6.3.12).
func (s *session) add(folder string, raw []byte, at time.Time, flags ...imap.Flag) error {
	defer s.await()()
	cmd := s.Client.Append(folder, int64(len(raw)), &imap.AppendOptions{Flags: flags, Time: at})
	_, err := io.Copy(cmd, bytes.NewReader(raw))
	if err := errors.Join(err, cmd.Close()); err != nil {
		return fmt.Errorf("append to %s: %w", folder, err)
	}
	if _, err := cmd.Wait(); err != nil {
		return fmt.Errorf("append to %s: %w", folder, err)
	}
	return nil
}
