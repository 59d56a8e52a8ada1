package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// ImportOptions say what is imported and whose it is.
type ImportOptions struct {
	Kind     string // mbox, maildir or eml
	Path     string
	Owner    crm.StaffID
	Policy   crm.Policy // "": the firm's
	Progress func(Progress)
	Bad      func(error) // told of each file that is empty, no mail or cut off, in a sentence; may be nil
	Service  Options     // for tests; Store is set by Import
}

// bad tells of a file.
func (o *ImportOptions) bad(err error) {
	if o.Bad != nil {
		o.Bad(err)
	}
}

// ImportStore is what an import needs beside [Store].
type ImportStore interface {
	Store
	Staff(ctx context.Context) ([]crm.Staff, error)
	Mailboxes(ctx context.Context, v crm.Viewer) ([]crm.Mailbox, error)
	AddMailbox(ctx context.Context, v crm.Viewer, m crm.Mailbox) (crm.Mailbox, error)
}

// Import brings in mail from files by the same rules and the same two passes
// as mail from a server. The path stands as a mailbox of its own; importing it
// again finds everything known and adds what is new.
func Import(ctx context.Context, st ImportStore, o ImportOptions) (Summary, error) {
	start := time.Now()
	if bad, telling := o.Bad, new(sync.Mutex); bad != nil { // several mails are parsed at a time
		o.Bad = func(err error) {
			telling.Lock()
			defer telling.Unlock()
			bad(err)
		}
	}
	files, err := scan(o.Kind, o.Path, o.bad)
	if err != nil {
		return Summary{}, err
	}
	o.Service.Store = st
	s := New(o.Service)
	m, err := importMailbox(ctx, st, o)
	if err != nil {
		return Summary{}, err
	}
	stop := s.pipe.start(ctx)
	defer stop()
	if o.Progress != nil {
		done := make(chan struct{})
		defer close(done)
		go s.report(done, o.Progress)
	}
	listed := make([]crm.Folder, len(files))
	for i, f := range files {
		listed[i] = crm.Folder{Name: f.name, Use: crm.FolderUse(f.name, '/', nil), Enabled: true}
	}
	folders, err := st.SyncFolders(ctx, m.ID, listed)
	if err != nil {
		return Summary{}, err
	}
	byName := map[string]crm.Folder{}
	for _, f := range folders {
		byName[f.Name] = f
	}
	for i := range files {
		files[i].folder = byName[files[i].name]
		if err := s.importEnvelopes(ctx, &files[i], &o); err != nil {
			return s.summary(start), err
		}
	}
	// Again while it gets anywhere: a body may show that a mail of an earlier
	// file, withheld until then, is a customer's.
	for was := int64(-1); err == nil && s.handled() != was; {
		was = s.handled()
		fl := &flight{}
		for i := range files {
			if err = s.importBodies(ctx, &files[i], &o, fl); err != nil {
				break
			}
		}
		fl.Wait()
	}
	if err == nil {
		err = st.SetMailboxState(ctx, m.ID, crm.MailboxImported, "", s.o.Now())
	}
	return s.summary(start), err
}

// importMailbox gives the mailbox that stands for the path.
func importMailbox(ctx context.Context, st ImportStore, o ImportOptions) (crm.Mailbox, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return crm.Mailbox{}, err
	}
	boxes, err := st.Mailboxes(ctx, crm.SystemViewer)
	if err != nil {
		return crm.Mailbox{}, err
	}
	for _, m := range boxes {
		if m.State == crm.MailboxImported && m.Username == path {
			if m.Staff != o.Owner {
				return m, crm.Conflict("%s was imported for another colleague; the owner of captured mail does not change", path)
			}
			return m, nil
		}
	}
	staff, err := st.Staff(ctx)
	if err != nil {
		return crm.Mailbox{}, err
	}
	for _, u := range staff {
		if u.ID == o.Owner {
			return st.AddMailbox(ctx, crm.SystemViewer, crm.Mailbox{Staff: u.ID, Address: u.Address, Label: filepath.Base(path),
				Host: "import", Username: path, State: crm.MailboxImported})
		}
	}
	return crm.Mailbox{}, crm.Invalid("owner", "no colleague has the number %d", o.Owner)
}

// maxHeader is how much of a file is read for its header, in bytes.
const maxHeader = 256 << 10

// importEnvelopes is the first pass. Each import is an epoch of its own: the
// place of a mail in a file means nothing the next time. What is no mail is not
// listed.
func (s *Service) importEnvelopes(ctx context.Context, f *fileFolder, o *ImportOptions) error {
	epoch := uint32(time.Now().Unix())
	if epoch <= f.folder.UIDValidity {
		epoch = f.folder.UIDValidity + 1
	}
	f.folder.Cursor = crm.Cursor{UIDValidity: epoch, High: uint32(len(f.mails)), Low: 1, Exists: uint32(len(f.mails))}
	if err := s.o.Store.NewEpoch(ctx, f.folder.ID, f.folder.Cursor); err != nil {
		return err
	}
	for end := len(f.mails); end > 0; {
		begin := max(0, end-envelopeChunk)
		list := make([]crm.Listed, 0, end-begin)
		for i := begin; i < end; i++ {
			raw, err := f.mails[i].read(maxHeader)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			if err := NoMail(f.mails[i].name(), raw); err != nil {
				o.bad(err)
				continue
			}
			size := f.mails[i].size
			if size <= maxHeader {
				size = int64(len(raw)) // exact, without the quoting of an mbox: known mail is recognised by it
			}
			list = append(list, crm.Listed{UID: uint32(i + 1), Internal: f.mails[i].at, Size: size, Envelope: parse.Header(headerOf(raw)), Policy: o.Policy})
		}
		if err := s.o.Store.Listed(ctx, f.folder.ID, f.folder.Cursor, list); err != nil {
			return err
		}
		s.counts.listed.Add(int64(len(list)))
		end = begin
	}
	return s.o.Store.CloseEpochs(ctx, f.folder.ID, epoch)
}

// importBodies is the second pass.
func (s *Service) importBodies(ctx context.Context, f *fileFolder, o *ImportOptions, fl *flight) error {
	due, err := s.o.Store.Due(ctx, f.folder.ID, f.folder.UIDValidity, bodyChunk)
	for ; err == nil && len(due) > 0; due, err = s.o.Store.DueBelow(ctx, f.folder.ID, f.folder.UIDValidity, due[len(due)-1].UID, bodyChunk) {
		for _, d := range due {
			mail := f.mails[d.UID-1]
			j := &job{folder: f.folder.ID, epoch: f.folder.UIDValidity, uid: d.UID, internal: mail.at, policy: o.Policy, flight: fl}
			if o.Kind == "eml" { // in a mailbox or an archive it says little: programs forget it
				j.open = func() {
					o.bad(crm.Invalid("file", "%s is cut off: its last part has no end; what is there is kept", mail.name()))
				}
			}
			limit := mail.size
			if mail.size > s.o.MaxSize {
				limit, j.size = oversizeKept, mail.size
			}
			if j.held, err = s.pipe.reserve(ctx, limit); err != nil {
				return err
			}
			if j.raw, err = mail.read(limit); err != nil {
				s.pipe.budget.Release(j.held)
				return fmt.Errorf("%s: %w", f.name, err)
			}
			if err := s.pipe.submit(ctx, j, false); err != nil {
				return err
			}
		}
	}
	return err
}

// headerOf gives the header block with its empty line.
func headerOf(raw []byte) []byte {
	for i := 0; i+1 < len(raw); i++ {
		if raw[i] == '\n' && (raw[i+1] == '\n' || raw[i+1] == '\r' && i+2 < len(raw) && raw[i+2] == '\n') {
			return raw[:i+1]
		}
	}
	return raw
}

// FileError says in a sentence why a file cannot be read.
func FileError(path string, err error) error {
	e := &crm.Error{Kind: crm.KindInternal, Field: "file", Err: err}
	switch {
	case os.IsNotExist(err):
		e.Kind, e.Text = crm.KindNotFound, "there is no "+path
	case os.IsPermission(err):
		e.Kind, e.Text = crm.KindForbidden, path+" may not be read by you"
	default:
		var at *fs.PathError
		if errors.As(err, &at) { // it names the file again
			err = at.Err
		}
		e.Text = path + " cannot be read: " + err.Error()
	}
	return e
}
