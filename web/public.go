package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// PublicStore is what the public pages read and change. They know their reader
// by a token only, which names a mail.
type PublicStore interface {
	Firm(ctx context.Context) (crm.Firm, error)
	// PublicRecipient gives to whom a mail went and what they have chosen;
	// [crm.KindNotFound] when there is none.
	PublicRecipient(ctx context.Context, id crm.DispatchID) (crm.PublicRecipient, error)
	// OptOut ends mailings to somebody, before the next mail is claimed; a
	// second time changes nothing. UndoOptOut takes it back within
	// [crm.UndoWindow], else [crm.KindConflict]; OptIn whenever.
	OptOut(ctx context.Context, s crm.Statement) error
	UndoOptOut(ctx context.Context, s crm.Statement) error
	OptIn(ctx context.Context, s crm.Statement) error
	// ChooseTopics keeps what changes of topics that were named before.
	ChooseTopics(ctx context.Context, s crm.Statement, choices []crm.Choice) error
	// MailingLink gives where a link of a mail leads; [crm.KindNotFound].
	MailingLink(ctx context.Context, id crm.DispatchID, n crm.LinkNumber) (string, error)
	// Visited keeps and judges a request; Visitor numbers network addresses.
	Visited(ctx context.Context, id crm.DispatchID, v crm.Visit) error
	Visitor(address string) int64
	// PublicSurvey gives a survey; [crm.KindNotFound].
	PublicSurvey(ctx context.Context, id crm.SurveyID) (crm.Survey, error)
	// Ballot keeps a request for the page of a survey, and makes the mail's vote
	// what its ballots come to.
	Ballot(ctx context.Context, d crm.DispatchID, id crm.SurveyID, b crm.Ballot, words string) error
	// AddFeedback keeps what came by the public form.
	AddFeedback(ctx context.Context, f crm.Feedback) error
}

// Letters renders a mail again as it went out.
type Letters interface {
	// Letter gives the mail; [crm.KindNotFound] when it cannot be shown.
	Letter(ctx context.Context, id crm.DispatchID) (*crm.Draft, error)
}

// PublicOptions is what [NewPublic] needs.
type PublicOptions struct {
	Store   PublicStore
	Letters Letters // nil: mails are not shown in a browser
	Keys    crm.Keyring
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: slog.Default
}

// public answers the links that stand in mail, and nothing else.
type public struct {
	PublicOptions
	views  *views
	style  template.CSS
	policy string // of the pages
	tries  *throttle
}

// NewPublic makes the handler of the links that stand in mail. It is meant for a
// listener of its own, open to the world: it knows no session, sets no cookie,
// and answers nobody without a token that Kaveri has made, but for the firm's
// form, which is open to all when the firm wants it.
func NewPublic(o PublicOptions) (http.Handler, error) {
	if o.Store == nil {
		return nil, errors.New("web: PublicOptions.Store is needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	st, err := newStatic()
	if err != nil {
		return nil, err
	}
	v, err := newViews(st)
	if err != nil {
		return nil, err
	}
	css := st.byName["public.css"].data
	sum := sha256.Sum256(css)
	p := &public{PublicOptions: o, views: v, style: template.CSS(css), tries: newThrottle(o.Now),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	return p.guard(p.routes()), nil
}

// routes lists every public route.
func (p *public) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+crm.PathUnsubscribe+"{token}", p.page(crm.TokenUnsubscribe, crm.LinkUnsubscribe, p.unsubscribePage))
	mux.Handle("POST "+crm.PathUnsubscribe+"{token}", p.page(crm.TokenUnsubscribe, crm.LinkUnsubscribe, p.unsubscribe))
	mux.Handle("POST "+crm.PathUnsubscribe+"{token}/undo", p.page(crm.TokenUnsubscribe, crm.LinkUnsubscribe, p.undoUnsubscribe))
	mux.Handle("GET "+crm.PathPreferences+"{token}", p.page(crm.TokenPreferences, crm.LinkPreferences, p.preferencesPage))
	mux.Handle("POST "+crm.PathPreferences+"{token}", p.page(crm.TokenPreferences, crm.LinkPreferences, p.choose))
	mux.Handle("GET "+crm.PathCopy+"{token}", p.page(crm.TokenCopy, crm.LinkCopy, p.copy))
	mux.Handle("GET "+crm.PathClick+"{token}", p.open(p.click))
	mux.Handle("GET "+crm.PathOpen+"{token}", p.open(p.picture))
	mux.Handle("GET "+crm.PathSurvey+"{token}", p.survey(p.surveyPage))
	mux.Handle("GET "+crm.PathSurvey+"{token}/{score}", p.survey(p.surveyPage))
	mux.Handle("POST "+crm.PathSurvey+"{token}", p.survey(p.vote))
	mux.Handle("POST "+crm.PathSurvey+"{token}/{score}", p.survey(p.vote))
	mux.Handle("GET "+crm.PathFeedback, p.open(p.feedbackPage))
	mux.Handle("POST "+crm.PathFeedback, p.open(p.feedback))
	mux.Handle("/", p.open(func(http.ResponseWriter, *http.Request, *publicCall) error { return errNoPage }))
	return mux
}

// publicCall is one request with a token.
type publicCall struct {
	firm crm.Firm
	lang string
	at   time.Time
	ip   string
	to   crm.PublicRecipient

	survey crm.Survey // of the page of one
}

// t gives the words of a key.
func (c *publicCall) t(k Key, args ...any) string {
	s, err := say(c.lang, k, args...)
	if err != nil {
		return string(k)
	}
	return s
}

// publicHandler answers a request; an error becomes its page.
type publicHandler func(w http.ResponseWriter, r *http.Request, c *publicCall) error

// open wraps a handler that reads its token itself.
func (p *public) open(h publicHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &publicCall{lang: "en", at: p.Now(), ip: publicIP(r)}
		firm, err := p.Store.Firm(r.Context())
		if err == nil || crm.KindOf(err) == crm.KindNotFound {
			c.firm, c.lang = firm, publicLanguage(firm.Language)
			err = h(w, r, c)
		}
		if err != nil {
			p.fail(w, r, c, err)
		}
	})
}

// page wraps the handler of a page whose token names a mail. Looking at it is
// kept as a visit; that changes nothing for its reader.
func (p *public) page(purpose crm.TokenPurpose, link crm.LinkNumber, h publicHandler) http.Handler {
	return p.open(func(w http.ResponseWriter, r *http.Request, c *publicCall) error {
		id, ok := p.Keys.Read(purpose, r.PathValue("token"))
		if !ok {
			return errNoPage
		}
		to, err := p.Store.PublicRecipient(r.Context(), crm.DispatchID(id))
		if err != nil {
			return err
		}
		c.to, c.lang = to, publicLanguage(to.Language, c.firm.Language)
		if r.Method != http.MethodPost {
			p.visited(r, c, crm.DispatchID(id), link)
		}
		return h(w, r, c)
	})
}

// publicLanguage is the first choice that we speak. What a browser asks for
// does not count: a scanner would change the page.
func publicLanguage(choices ...string) string {
	for _, l := range choices {
		for _, have := range languages {
			if l == have {
				return l
			}
		}
	}
	return "en"
}

// PublicPage is one of the small pages. What is shown hangs on Kind.
type PublicPage struct {
	Lang, Title, Firm string
	Style             template.CSS
	Address           string // masked: a mail may have been passed on
	Token             string // of this page
	Preferences       string // address of that page, "" when this is it
	Kind              string
	Undo              bool
	Topic             string // of the mail, "" none
	Topics            []TopicChoice
	Wording           string // what pressing the button says
	WordingTopic      string // and the one for the topic alone

	// Of surveys and of the firm's form.
	Scores     []SurveyChoice
	Low, High  string // what the ends of the scale mean
	Name, Said string // what was written into the form
	Missing    bool   // nothing was chosen
	Fault      string // what is wrong with what was written
}

// TopicChoice is a topic that somebody can want or not.
type TopicChoice struct {
	crm.Consent
	Title string
}

func (p *public) render(w http.ResponseWriter, r *http.Request, status int, page string, data PublicPage) {
	data.Style = p.style
	var b bytes.Buffer
	if err := p.views.byLang[data.Lang][page].ExecuteTemplate(&b, "public-shell", data); err != nil {
		p.Log.ErrorContext(r.Context(), "render failed", "page", page, "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", data.Lang)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
}

// fail answers with a page that tells nothing but what its reader can do. A
// token that is wrong, one whose mail is gone, and a page that never was are
// the same.
func (p *public) fail(w http.ResponseWriter, r *http.Request, c *publicCall, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	lang := publicLanguage(c.firm.Language)
	data := PublicPage{Lang: lang, Kind: "lost"}
	status := http.StatusNotFound
	if crm.KindOf(err) != crm.KindNotFound {
		p.Log.ErrorContext(r.Context(), "public request failed", "route", routeOf(r), "error", err)
		data.Kind, status = "broken", http.StatusInternalServerError
	}
	data.Title, _ = say(lang, map[string]Key{"lost": "public.lost", "broken": "public.broken"}[data.Kind])
	p.render(w, r, status, "public-error", data)
}

// routeOf names a route without its token, for the log.
func routeOf(r *http.Request) string {
	head, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return "/" + head[:min(len(head), 10)]
}

// maxPublicForm bounds what anybody may send: our forms are tiny.
const maxPublicForm = 64 << 10

// A network address may ask 1000 times at once and then 50 times a second:
// providers of mail boxes unsubscribe many people from few addresses.
const publicBurst, publicEvery = 1000, 20 * time.Millisecond

// guard surrounds the public routes: headers, a bound on bodies and on
// requests of one network address, the net beneath a panic.
func (p *public) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", p.policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if wait := p.tries.one(publicIP(r), publicBurst, publicEvery); wait > 0 {
			h.Set("Retry-After", strconv.Itoa(max(1, int(wait/time.Second))))
			http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
			return
		}
		defer func() {
			if e := recover(); e != nil && e != http.ErrAbortHandler {
				p.Log.ErrorContext(r.Context(), "panic", "route", routeOf(r), "error", fmt.Sprint(e), "stack", string(debug.Stack()))
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}()
		r.Body = http.MaxBytesReader(w, r.Body, maxPublicForm)
		if r.URL.Path != path.Clean(r.URL.Path) { // the router would tell where else to look
			r.URL.Path = "/-"
		}
		next.ServeHTTP(w, r)
	})
}
