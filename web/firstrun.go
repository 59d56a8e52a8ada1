package web

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"kaveri/crm"
)

// FirstRunPage is the first page of a Kaveri that nobody works in yet.
type FirstRunPage struct {
	Shell
	Token                        string // the right one; "" shows where to find it
	Demo                         bool   // the sample company is offered
	Firm, Domains, Name, Address string
	Faults                       Faults
}

// DemoPage leads to the sample company.
type DemoPage struct {
	Shell
	URL string
}

// home sends people where they can go on.
func (s *Server) home(w http.ResponseWriter, r *http.Request, c *call) error {
	token := r.URL.Query().Get("token")
	if s.SignInToken != "" && same(token, s.SignInToken) {
		return s.signInByLink(w, r, c)
	}
	if c.signedIn() {
		return go303(w, r, "/customers", "")
	}
	all, err := s.Store.Staff(r.Context())
	if err != nil {
		return err
	}
	if len(all) > 0 {
		return go303(w, r, "/signin", "")
	}
	p := FirstRunPage{}
	if s.SetupToken != "" && same(token, s.SetupToken) {
		p.Token = s.SetupToken
	}
	s.showFirstRun(w, r, c, p, http.StatusOK)
	return nil
}

func (s *Server) showFirstRun(w http.ResponseWriter, r *http.Request, c *call, p FirstRunPage, status int) {
	p.Shell, p.Demo = s.shell(c, "", c.t("first.title")), s.Demo != nil
	p.Shell.Path = "/"
	if p.Token != "" {
		p.Shell.Path = "/?token=" + url.QueryEscape(p.Token)
	}
	s.render(w, r, c, status, "first-run", p)
}

// setUp makes the firm and its first administrator, signs them in, and goes on
// to their mailbox.
func (s *Server) setUp(w http.ResponseWriter, r *http.Request, c *call) error {
	s.once.Lock()
	defer s.once.Unlock()
	if err := s.mayStart(r); err != nil {
		return err
	}
	p := FirstRunPage{Token: s.SetupToken, Firm: strings.TrimSpace(r.PostFormValue("firm")), Domains: r.PostFormValue("domains"), Name: strings.TrimSpace(r.PostFormValue("name")), Address: strings.TrimSpace(r.PostFormValue("address"))}
	me, err := s.foundFirm(r, c, p)
	if err != nil {
		f, ok := c.faults(err, "firm", "own domain", "name", "address", "password")
		if !ok {
			return err
		}
		p.Faults = f
		s.showFirstRun(w, r, c, p, statusOf[crm.KindOf(err)])
		return nil
	}
	if err := s.startSession(r.Context(), w, me.ID); err != nil {
		return err
	}
	return go303(w, r, "/mailboxes/new?first=1", "")
}

// mayStart lets through only the holder of the token, and only while nobody
// works here.
func (s *Server) mayStart(r *http.Request) error {
	if s.SetupToken == "" || !same(r.PostFormValue("token"), s.SetupToken) {
		return crm.Forbidden("the address with the setup token stands on the console where Kaveri was started")
	}
	all, err := s.Store.Staff(r.Context())
	if err == nil && len(all) > 0 {
		return crm.Forbidden("Kaveri is set up already; sign in")
	}
	return err
}

func (s *Server) foundFirm(r *http.Request, c *call, p FirstRunPage) (crm.Staff, error) {
	if p.Firm == "" {
		return crm.Staff{}, c.fault("firm", "fault.firm")
	}
	if p.Name == "" {
		return crm.Staff{}, c.fault("name", "fault.name")
	}
	a, err := crm.ParseAddress(p.Address)
	if err != nil {
		return crm.Staff{}, err
	}
	password := r.PostFormValue("password")
	if len(password) < minPassword {
		return crm.Staff{}, c.fault("password", "fault.own-password", minPassword)
	}
	f := c.firm
	f.Name, f.Language = p.Firm, c.lang
	f.Domains = strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(p.Domains))
	switch {
	case crm.FreeMail(a.Domain()):
		f.Addresses = []crm.Address{a} // strangers share that domain
	case len(f.Domains) == 0:
		f.Domains = []string{a.Domain()}
	}
	if err := f.Validate(); err != nil {
		return crm.Staff{}, err
	}
	if err := s.Store.SaveFirm(r.Context(), crm.SystemViewer, f); err != nil {
		return crm.Staff{}, err
	}
	return s.Store.AddStaff(r.Context(), crm.SystemViewer, crm.Staff{Name: p.Name, Address: a, Role: crm.StaffAdmin, Language: c.lang, Created: s.Now()}, password)
}

// startDemo starts the sample company. Its address has another port, which the
// policy for forms does not allow to be redirected to; so a page leads there.
func (s *Server) startDemo(w http.ResponseWriter, r *http.Request, c *call) error {
	if s.Demo == nil {
		return errNoPage
	}
	if err := s.mayStart(r); err != nil {
		return err
	}
	to, err := s.Demo(r.Context())
	if err != nil {
		return err
	}
	p := DemoPage{Shell: s.shell(c, "", c.t("demo.title")), URL: to}
	p.Shell.Path = "/"
	s.render(w, r, c, http.StatusOK, "demo", p)
	return nil
}

// same compares secrets in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
