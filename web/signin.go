package web

import (
	"net/http"
	"strings"
	"time"

	"kaveri/crm"
)

// SignInPage is the door.
type SignInPage struct {
	Shell
	Address, Next, Hint string
	Fault               string
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request, c *call) error {
	next := ownPath(r.URL.Query().Get("next"))
	if c.signedIn() {
		return go303(w, r, next, "")
	}
	all, err := s.Store.Staff(r.Context())
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return go303(w, r, "/", "")
	}
	s.showSignIn(w, r, c, SignInPage{Next: next}, http.StatusOK)
	return nil
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, c *call, p SignInPage, status int) {
	p.Shell, p.Hint = s.shell(c, "", c.t("signin.title")), s.SignInHint
	p.Shell.Path = "/signin"
	s.render(w, r, c, status, "signin", p)
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request, c *call) error {
	p := SignInPage{Address: strings.TrimSpace(r.PostFormValue("address")), Next: ownPath(r.PostFormValue("next"))}
	account := strings.ToLower(p.Address)
	if a, err := crm.ParseAddress(p.Address); err == nil {
		account = string(a)
	}
	if len(account) > 300 {
		account = account[:300]
	}
	if wait := s.tries.wait(account, clientIP(r)); wait > 0 {
		s.Log.WarnContext(r.Context(), "sign-in slowed down", "request", c.id)
		p.Fault = c.n("signin.wait", int((wait+time.Second-1)/time.Second))
		s.showSignIn(w, r, c, p, http.StatusTooManyRequests)
		return nil
	}
	me, err := s.Store.SignIn(r.Context(), account, r.PostFormValue("password"))
	switch kind := crm.KindOf(err); {
	case err == nil && !me.Disabled:
	case err == nil, kind == crm.KindForbidden, kind == crm.KindNotFound, kind == crm.KindInvalid:
		p.Fault = c.t("signin.wrong") // the same words for each, so that nobody learns who works here
		s.showSignIn(w, r, c, p, http.StatusForbidden)
		return nil
	default:
		return err
	}
	s.tries.forgive(account)
	if c.signedIn() { // a fresh token for a fresh sign-in
		if err := s.Store.EndSession(r.Context(), c.token); err != nil {
			return err
		}
	}
	if err := s.startSession(r.Context(), w, me.ID); err != nil {
		return err
	}
	return go303(w, r, p.Next, "")
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, c *call) error {
	if c.signedIn() {
		if err := s.Store.EndSession(r.Context(), c.token); err != nil {
			return err
		}
	}
	http.SetCookie(w, s.cookie(s.cookieName(), "", -time.Second))
	return go303(w, r, "/signin", "")
}

// signInByLink opens the door once for the holder of the demo's link.
func (s *Server) signInByLink(w http.ResponseWriter, r *http.Request, c *call) error {
	s.once.Lock()
	defer s.once.Unlock()
	if c.signedIn() {
		return go303(w, r, "/customers", "")
	}
	if s.usedLink {
		s.showSignIn(w, r, c, SignInPage{Next: "/customers", Fault: c.t("signin.used")}, http.StatusForbidden)
		return nil
	}
	all, err := s.Store.Staff(r.Context())
	if err != nil {
		return err
	}
	for _, st := range all {
		if s.SignInAs != "" && st.Address == s.SignInAs || s.SignInAs == "" && st.Role == crm.StaffAdmin {
			if err := s.startSession(r.Context(), w, st.ID); err != nil {
				return err
			}
			s.usedLink = true
			return go303(w, r, "/customers", "")
		}
	}
	return crm.NotFound("nobody to sign in")
}
