package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kaveri/crm"
)

// Sessions end after sessionIdle without use and sessionLife in any case; the
// store enforces both, the cookie only follows.
const sessionLife = 14 * 24 * time.Hour

// handler answers a request; an error becomes the error's page.
type handler func(w http.ResponseWriter, r *http.Request, c *call) error

// call is one request: who asks, in which language, and when.
type call struct {
	id     string // of the request, for the log
	me     crm.Staff
	viewer crm.Viewer
	firm   crm.Firm
	lang   string
	clock  clock
	path   string
	done   string
	see    string // where what was done can be looked at
	// questions counts what waits for an answer; a fragment that shows it asks
	// for it itself (countQuestions).
	questions int
	held      string   // why nothing is sent from here, in English
	token     [32]byte // hash of the session's token
}

func (c *call) signedIn() bool { return c.me.ID != 0 }

// t gives the words of a key in the language of the call.
func (c *call) t(k Key, args ...any) string {
	s, err := say(c.lang, k, args...)
	if err != nil {
		return string(k)
	}
	return s
}

// n gives the words of a key for a count.
func (c *call) n(k Key, n int) string {
	s, err := count(c.lang, k, n)
	if err != nil {
		return string(k)
	}
	return s
}

// open wraps a handler that answers anybody.
func (s *Server) open(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.newCall(r)
		if err == nil {
			err = h(w, r, c)
		}
		if err != nil {
			s.fail(w, r, c, err)
		}
	})
}

// staff wraps a handler for colleagues who are signed in; others are asked to.
func (s *Server) staff(h handler) http.Handler {
	return s.open(func(w http.ResponseWriter, r *http.Request, c *call) error {
		if c.signedIn() {
			if !isFragment(r) && r.URL.Path != "/events" {
				if err := s.countQuestions(r, c); err != nil {
					return err
				}
				var err error
				if c.held, err = s.Ledger.SendingHeld(r.Context()); err != nil {
					return err
				}
			}
			return h(w, r, c)
		}
		to := "/signin"
		if r.Method == http.MethodGet && r.URL.Path != "/events" && !isFragment(r) {
			to += "?next=" + url.QueryEscape(r.URL.RequestURI())
		}
		if isFragment(r) || r.URL.Path == "/events" {
			w.Header().Set("HX-Redirect", to)
			w.WriteHeader(http.StatusUnauthorized)
			return nil
		}
		return go303(w, r, to, "")
	})
}

func (s *Server) countQuestions(r *http.Request, c *call) (err error) {
	c.questions, err = s.Store.OpenReviews(r.Context(), c.viewer)
	return err
}

// admin wraps a handler for administrators.
func (s *Server) admin(h handler) http.Handler {
	return s.staff(func(w http.ResponseWriter, r *http.Request, c *call) error {
		if !c.viewer.MayAdminister() {
			return crm.Forbidden("only an administrator may do this; ask one of your administrators")
		}
		return h(w, r, c)
	})
}

func (s *Server) newCall(r *http.Request) (*call, error) {
	c := &call{id: requestID(r.Context()), lang: "en", path: r.URL.RequestURI()}
	if k := r.URL.Query().Get("done"); words[Key("done."+k)].has() {
		c.done = k
		q := r.URL.Query()
		if see := ownPath(q.Get("see")); see != "/" {
			c.see = see
		}
		q.Del("done")
		q.Del("see")
		c.path = strings.TrimSuffix(r.URL.Path+"?"+q.Encode(), "?")
	}
	c.clock = newClock(c.lang, &crm.Firm{}, s.Now())
	firm, err := s.Store.Firm(r.Context())
	if err != nil && crm.KindOf(err) != crm.KindNotFound {
		return c, err
	}
	c.firm = firm
	if k, err := r.Cookie(s.cookieName()); err == nil {
		c.token = sha256.Sum256([]byte(k.Value))
		me, err := s.Store.Session(r.Context(), c.token, s.Now())
		switch {
		case err == nil && !me.Disabled:
			c.me, c.viewer = me, crm.ViewerOf(me)
		case err != nil && crm.KindOf(err) != crm.KindNotFound:
			return c, err
		}
	}
	c.lang = pickLanguage(r, c.me.Language, firm.Language)
	c.clock = newClock(c.lang, &firm, s.Now())
	return c, nil
}

// pickLanguage follows what was chosen here, then the colleague's and the
// firm's settings, then what the browser asks for.
func pickLanguage(r *http.Request, choices ...string) string {
	if k, err := r.Cookie(languageCookie); err == nil {
		choices = append([]string{k.Value}, choices...)
	}
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		if len(part) >= 2 {
			choices = append(choices, strings.ToLower(strings.TrimSpace(part)[:2]))
		}
	}
	for _, l := range choices {
		for _, have := range languages {
			if l == have {
				return l
			}
		}
	}
	return "en"
}

const languageCookie = "kaveri_language"

// cookieName: a __Host- cookie can only be set over https, by this host, for
// all of it; over plain http (loopback) browsers refuse the prefix.
func (s *Server) cookieName() string {
	if s.Secure {
		return "__Host-kaveri"
	}
	return "kaveri"
}

// startSession signs a colleague in under a fresh token.
func (s *Server) startSession(ctx context.Context, w http.ResponseWriter, staff crm.StaffID) error {
	var raw [32]byte
	rand.Read(raw[:])
	token := base64.RawURLEncoding.EncodeToString(raw[:])
	if err := s.Store.NewSession(ctx, sha256.Sum256([]byte(token)), staff, s.Now()); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(s.cookieName(), token, sessionLife))
	return nil
}

func (s *Server) cookie(name, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
}

// setLanguage keeps a choice of language in a cookie.
func (s *Server) setLanguage(w http.ResponseWriter, r *http.Request, _ *call) error {
	for _, l := range languages {
		if l == r.PostFormValue("language") {
			http.SetCookie(w, s.cookie(languageCookie, l, 365*24*time.Hour))
		}
	}
	return go303(w, r, ownPath(r.PostFormValue("next")), "")
}

// ownPath lets only paths of ours through, so that no form can send people
// elsewhere.
func ownPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(p, "/") ||
		strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return "/"
	}
	return p
}

type requestKey struct{}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

func newRequestID() string {
	var b [6]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
