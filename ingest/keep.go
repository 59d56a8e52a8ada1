package ingest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"kaveri/crm"
)

// KeepStore is what keeping needs beside [Store].
type KeepStore interface {
	Store
	Mailboxes(ctx context.Context, v crm.Viewer) ([]crm.Mailbox, error)
	AddMailbox(ctx context.Context, v crm.Viewer, m crm.Mailbox) (crm.Mailbox, error)
	NextUID(ctx context.Context, folder crm.FolderID) (uint32, error)
	ForgetUID(ctx context.Context, folder crm.FolderID, epoch, uid uint32) error
}

// Dropped is a mail that came by itself and not from a mailbox.
type Dropped struct {
	Raw    []byte
	Owner  crm.Staff  // whose dropbox it is for
	Policy crm.Policy // "": the firm's
	At     time.Time  // when it came
}

// Keeper captures single mails by the same pipeline as mail from servers. Each
// owner has a mailbox for what was dropped, with one folder whose UIDs only
// grow. It is safe for concurrent use.
type Keeper struct {
	s  *Service
	st KeepStore

	mu      sync.Mutex
	folders map[crm.StaffID]crm.Folder
}

// NewKeeper gives a keeper that works with the parsers of a service, which need
// not run.
func NewKeeper(s *Service, st KeepStore) *Keeper {
	return &Keeper{s: s, st: st, folders: map[crm.StaffID]crm.Folder{}}
}

// dropboxHost stands as the server of the mailboxes of what was dropped.
const dropboxHost = "dropbox"

// Keep captures a mail and returns when that is durable, with what became of
// it: a mail that is known by its content only gains a sighting, one that a rule
// withholds is forgotten. An error of kind [crm.KindUnavailable] passes; any
// other is the mail's own.
func (k *Keeper) Keep(ctx context.Context, d Dropped) (crm.Outcome, error) {
	folder, err := k.folder(ctx, d.Owner)
	if err != nil {
		return crm.Outcome{}, err
	}
	held, err := k.s.pipe.reserve(ctx, int64(len(d.Raw)))
	if err != nil {
		return crm.Outcome{}, err
	}
	defer k.s.pipe.budget.Release(held)
	uid, err := k.st.NextUID(ctx, folder.ID)
	if err != nil {
		return crm.Outcome{}, err
	}
	out, err := k.deliver(ctx, &job{folder: folder.ID, epoch: folder.UIDValidity, uid: uid, internal: d.At, raw: d.Raw, policy: d.Policy})
	if err == nil && out.Rule != "" {
		err = k.st.ForgetUID(ctx, folder.ID, folder.UIDValidity, uid)
	}
	return out, err
}

// deliver parses and stores one mail. The bytes are the caller's: they do not
// go to the buffers.
func (k *Keeper) deliver(ctx context.Context, j *job) (crm.Outcome, error) {
	for {
		d, err := k.s.pipe.parse(j)
		if err != nil {
			return crm.Outcome{}, err
		}
		out, err := k.st.Deliver(ctx, []crm.Delivery{d})
		giveBuffer(j.zstd)
		j.zstd = nil
		if err != nil {
			return crm.Outcome{}, err
		}
		if out[0].Unknown { // those bytes were here, and were not kept
			j.again = true
			continue
		}
		k.s.pipe.count(out, []crm.Delivery{d})
		if out[0].Message != 0 {
			k.s.pipe.recent.add(d.Raw.Sum)
		}
		return out[0], nil
	}
}

// folder gives the folder of what is dropped for an owner, made when it is
// first needed.
func (k *Keeper) folder(ctx context.Context, owner crm.Staff) (crm.Folder, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f, ok := k.folders[owner.ID]; ok {
		return f, nil
	}
	m, err := k.mailbox(ctx, owner)
	if err != nil {
		return crm.Folder{}, err
	}
	folders, err := k.st.SyncFolders(ctx, m.ID, []crm.Folder{{Name: "INBOX", Enabled: true}})
	if err != nil {
		return crm.Folder{}, err
	}
	if len(folders) != 1 {
		return crm.Folder{}, fmt.Errorf("the dropbox of %s has %d folders", owner.Address, len(folders))
	}
	f := folders[0]
	if f.UIDValidity == 0 {
		f.Cursor = crm.Cursor{UIDValidity: 1, Low: 1}
		if err := k.st.NewEpoch(ctx, f.ID, f.Cursor); err != nil {
			return f, err
		}
	}
	k.folders[owner.ID] = f
	return f, nil
}

// mailbox gives the mailbox of what is dropped for an owner.
func (k *Keeper) mailbox(ctx context.Context, owner crm.Staff) (crm.Mailbox, error) {
	m := crm.Mailbox{Staff: owner.ID, Address: owner.Address, Label: "Dropbox", Host: dropboxHost, Username: fmt.Sprintf("dropbox of %d", owner.ID), State: crm.MailboxImported}
	for range 2 { // another process may make it meanwhile
		boxes, err := k.st.Mailboxes(ctx, crm.SystemViewer)
		if err != nil {
			return m, err
		}
		for _, b := range boxes {
			if b.Host == m.Host && b.Username == m.Username {
				return b, nil
			}
		}
		made, err := k.st.AddMailbox(ctx, crm.SystemViewer, m)
		if crm.KindOf(err) != crm.KindConflict {
			return made, err
		}
	}
	return m, crm.Conflict("the dropbox of %s cannot be made", owner.Address)
}
