package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// connectTimeout bounds finding and trying a mail server while somebody waits.
const connectTimeout = 40 * time.Second

// NewMailboxPage connects a mailbox: address and password first, the settings
// found for it beneath.
type NewMailboxPage struct {
	Shell
	Box      BoxForm
	Owners   []crm.Staff // whose mailbox it can be; one for staff, all for administrators
	Faults   Faults
	Settings bool // show the settings: they were found, or are at fault
	FirstBox bool
}

// BoxForm is what the form holds; the password is never given back.
type BoxForm struct {
	Address, Host, Port, Username string
	Security                      crm.Security
	Owner                         crm.StaffID
	Found                         string // where the settings come from, in words
}

func (s *Server) newMailboxPage(w http.ResponseWriter, r *http.Request, c *call) error {
	f := BoxForm{Address: r.URL.Query().Get("address"), Owner: c.me.ID, Port: "993", Security: crm.SecurityTLS}
	if f.Address == "" {
		f.Address = string(c.me.Address)
	}
	return s.showNewMailbox(w, r, c, NewMailboxPage{Box: f, FirstBox: r.URL.Query().Get("first") != ""}, http.StatusOK)
}

func (s *Server) showNewMailbox(w http.ResponseWriter, r *http.Request, c *call, p NewMailboxPage, status int) error {
	p.Owners = []crm.Staff{c.me}
	if c.viewer.MayAdminister() {
		all, err := s.Store.Staff(r.Context())
		if err != nil {
			return err
		}
		p.Owners = all
	}
	p.Shell = s.shell(c, "mailboxes", c.t("new-mailbox.title"))
	s.render(w, r, c, status, "new-mailbox", p)
	return nil
}

func boxForm(r *http.Request, c *call) BoxForm {
	f := BoxForm{Address: strings.TrimSpace(r.PostFormValue("address")), Host: strings.TrimSpace(r.PostFormValue("host")), Port: strings.TrimSpace(r.PostFormValue("port")),
		Username: strings.TrimSpace(r.PostFormValue("username")), Security: crm.Security(r.PostFormValue("security")), Owner: c.me.ID}
	if id, err := crm.ParseID[crm.StaffID]("owner", r.PostFormValue("owner")); err == nil && c.viewer.MayAdminister() {
		f.Owner = id
	}
	return f
}

// discover fills in the settings for the address.
func (s *Server) discover(ctx context.Context, c *call, f *BoxForm, a crm.Address) error {
	found, err := s.Connector.Discover(ctx, a)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return crm.Invalid("host", "no mail server was found for %s; ask your provider for the IMAP server's name and type it here", a.Domain())
	}
	best := found[0]
	f.Host, f.Port, f.Security, f.Username = best.Host, strconv.Itoa(best.Port), best.Security, best.Username
	if f.Username == "" {
		f.Username = string(a)
	}
	f.Found = c.t("new-mailbox.found", best.Host)
	return nil
}

// discoverPart gives the settings while the form is being filled in.
func (s *Server) discoverPart(w http.ResponseWriter, r *http.Request, c *call) error {
	p := NewMailboxPage{Box: boxForm(r, c), Settings: true}
	ctx, cancel := context.WithTimeout(r.Context(), connectTimeout)
	defer cancel()
	a, err := crm.ParseAddress(p.Box.Address)
	if err == nil {
		err = s.discover(ctx, c, &p.Box, a)
	}
	if err != nil {
		f, ok := c.faults(err, "host")
		if !ok {
			return err
		}
		p.Faults = f
	}
	if !isFragment(r) {
		return s.showNewMailbox(w, r, c, p, http.StatusOK)
	}
	return s.renderPart(w, r, c, "new-mailbox", "mailbox-settings", p)
}

// addMailbox finds what was left open, tries it, and connects the mailbox only
// when signing in works.
func (s *Server) addMailbox(w http.ResponseWriter, r *http.Request, c *call) error {
	p := NewMailboxPage{Box: boxForm(r, c)}
	if r.PostFormValue("find") != "" {
		return s.discoverPart(w, r, c)
	}
	ctx, cancel := context.WithTimeout(r.Context(), connectTimeout)
	defer cancel()
	err := s.connect(ctx, c, &p.Box, r.PostFormValue("password"))
	if err == nil {
		return go303(w, r, "/mailboxes", "mailbox")
	}
	f, ok := c.faults(err, "address", "password", "host", "port", "security", "username")
	if !ok {
		return err
	}
	p.Faults = f
	p.Settings = p.Box.Host != "" || f.On("host") != "" || f.General != ""
	return s.showNewMailbox(w, r, c, p, statusOf[crm.KindOf(err)])
}

func (s *Server) connect(ctx context.Context, c *call, f *BoxForm, password string) error {
	a, err := crm.ParseAddress(f.Address)
	if err != nil {
		return err
	}
	if password == "" {
		return crm.Invalid("password", "the password is empty; many providers want an app password here")
	}
	if f.Host == "" {
		if err := s.discover(ctx, c, f, a); err != nil {
			return err
		}
	}
	port, err := strconv.Atoi(f.Port)
	if err != nil || port < 1 || port > 65535 {
		return crm.Invalid("port", "%q is not a port; it is 993 almost everywhere", f.Port)
	}
	if f.Username == "" {
		f.Username = string(a)
	}
	m := crm.Mailbox{Staff: f.Owner, Address: a, Label: string(a), Host: f.Host, Port: port, Security: f.Security, Username: f.Username, Password: password, State: crm.MailboxNew, Created: s.Now()}
	if m.Security == "" {
		m.Security = crm.SecurityTLS
	}
	if err := s.Connector.Try(ctx, m); err != nil {
		return err
	}
	_, err = s.Store.AddMailbox(ctx, c.viewer, m)
	return err
}
