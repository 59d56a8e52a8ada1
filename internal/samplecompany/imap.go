package samplecompany

import (
	"io"
	"log"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// folders of every account; they are fixed, see the refusals below.
var folders = []struct {
	name string
	use  imap.MailboxAttr // RFC 6154, empty for none
}{
	{"INBOX", ""},
	{"Sent", imap.MailboxAttrSent},
	{"Archive", imap.MailboxAttrArchive},
	{"Asiakkaat", ""},
}

const delimiter = '/'

// newIMAP makes the server. Its log is discarded: it speaks of clients that went away, which is what they do.
func (c *Company) newIMAP(uidValidity uint32) *imapserver.Server {
	byName := map[string]*imapmemserver.User{}
	for i, p := range c.firm.Staff {
		byName[c.accounts[i].Username] = c.users[p.User()]
	}
	caps := imap.CapSet{}
	for _, name := range []imap.Cap{imap.CapIMAP4rev1, imap.CapNamespace, imap.CapUIDPlus, imap.CapESearch, imap.CapSearchRes,
		imap.CapListExtended, imap.CapListStatus, imap.CapMove, imap.CapStatusSize, imap.CapSpecialUse} {
		caps[name] = struct{}{}
	}
	return imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{users: byName, uidValidity: uidValidity}, nil, nil
		},
		Caps:         caps,
		InsecureAuth: true, // loopback
		Logger:       log.New(io.Discard, "", 0),
	})
}

// session is one connection: imapmemserver's session, corrected.
type session struct {
	*imapmemserver.UserSession // nil until Login

	users       map[string]*imapmemserver.User
	uidValidity uint32
	readOnly    bool // the folder was opened with EXAMINE
}

var _ imapserver.SessionMove = (*session)(nil)
var _ imapserver.SessionNamespace = (*session)(nil)

// Login opens the account of a member of staff.
func (s *session) Login(username, password string) error {
	u, ok := s.users[username]
	if !ok {
		return imapserver.ErrAuthFailed
	}
	if err := u.Login(username, password); err != nil {
		return err
	}
	s.UserSession = imapmemserver.NewUserSession(u)
	return nil
}

// Select opens a folder, with the UIDVALIDITY of this start: the library counts folders from 1, and the same number
// for other mail is what RFC 9051 §2.3.1.1 forbids.
func (s *session) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	data, err := s.UserSession.Select(name, o)
	if err != nil {
		return nil, err
	}
	s.readOnly = o.ReadOnly
	data.UIDValidity = s.uidValidity
	if o.ReadOnly {
		data.PermanentFlags = nil // RFC 9051 §6.3.3: no flag can be changed
	}
	return data, nil
}

// Status is corrected as Select is.
func (s *session) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	data, err := s.UserSession.Status(name, o)
	if err == nil && o.UIDValidity {
		data.UIDValidity = s.uidValidity
	}
	return data, err
}

// Append is corrected as Select is.
func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	data, err := s.UserSession.Append(name, r, o)
	if err == nil {
		data.UIDValidity = s.uidValidity
	}
	return data, err
}

// Copy is corrected as Select is.
func (s *session) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	data, err := s.UserSession.Copy(set, dest)
	if err == nil {
		data.UIDValidity = s.uidValidity
	}
	return data, err
}

// List knows the special uses, which the mailboxes in memory cannot be told.
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if len(patterns) == 0 { // RFC 9051 §6.3.9: an empty pattern asks for the delimiter
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	for _, f := range folders {
		if o.SelectSpecialUse && f.use == "" || !matches(f.name, ref, patterns) {
			continue
		}
		data := imap.ListData{Mailbox: f.name, Delim: delimiter, Attrs: []imap.MailboxAttr{imap.MailboxAttrHasNoChildren}}
		if f.use != "" {
			data.Attrs = append(data.Attrs, f.use)
		}
		if o.ReturnStatus != nil {
			var err error
			if data.Status, err = s.Status(f.name, o.ReturnStatus); err != nil {
				return err
			}
		}
		if err := w.WriteList(&data); err != nil {
			return err
		}
	}
	return nil
}

func matches(name, ref string, patterns []string) bool {
	for _, p := range patterns {
		if imapserver.MatchList(name, delimiter, ref, p) {
			return true
		}
	}
	return false
}

// Fetch never sets \Seen in a folder opened with EXAMINE (RFC 9051 §6.3.3); the library would.
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	if s.readOnly {
		for _, b := range o.BodySection {
			b.Peek = true
		}
		for _, b := range o.BinarySection {
			b.Peek = true
		}
	}
	return s.UserSession.Fetch(w, set, o)
}

// Idle reports changes until stop. The library reports those that happen while it waits and forgets those between the
// last command and the wait; so it is interrupted every second to look.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	for {
		if err := s.UserSession.Poll(w, true); err != nil {
			return err
		}
		pause := make(chan struct{})
		go func() {
			look := time.NewTimer(time.Second)
			defer look.Stop()
			defer close(pause)
			select {
			case <-stop:
			case <-look.C:
			}
		}()
		err := s.UserSession.Idle(w, pause)
		<-pause
		select {
		case <-stop:
			return err
		default:
		}
		if err != nil {
			return err
		}
	}
}

// Poll does nothing before a login.
func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Poll(w, allowExpunge)
}

// Store, Expunge and Move are refused in a folder opened with EXAMINE.
func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, o *imap.StoreOptions) error {
	if s.readOnly {
		return refusal("The folder is open read-only")
	}
	return s.UserSession.Store(w, set, flags, o)
}

// Expunge is refused in a folder opened with EXAMINE.
func (s *session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	if s.readOnly {
		return refusal("The folder is open read-only")
	}
	return s.UserSession.Expunge(w, uids)
}

// Move is refused in a folder opened with EXAMINE.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	if s.readOnly {
		return refusal("The folder is open read-only")
	}
	return s.UserSession.Move(w, set, dest)
}

// Create is refused: the folders are fixed, which keeps List and the deliveries simple.
func (s *session) Create(string, *imap.CreateOptions) error { return refusal(fixed) }

// Delete is refused, as Create.
func (s *session) Delete(string) error { return refusal(fixed) }

// Rename is refused, as Create.
func (s *session) Rename(string, string, *imap.RenameOptions) error { return refusal(fixed) }

const fixed = "The folders of the sample company are fixed"

func refusal(text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeNoPerm, Text: text}
}
