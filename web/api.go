package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/orders"
)

// Intake is what the ways in for orders read and change.
type Intake interface {
	// APIToken gives the token of a hash and on whose behalf it acts;
	// [crm.KindNotFound] when there is none that counts.
	APIToken(ctx context.Context, hash [32]byte) (crm.APIToken, crm.Viewer, error)
	APITokens(ctx context.Context, v crm.Viewer) ([]crm.APIToken, error)
	// AddAPIToken gives the token's text too, which is kept nowhere.
	AddAPIToken(ctx context.Context, v crm.Viewer, name string, scopes []crm.APIScope) (crm.APIToken, string, error)
	RevokeAPIToken(ctx context.Context, v crm.Viewer, id crm.APITokenID) error
	// TakeOrders keeps orders once: again says that these are the outcomes of a
	// request that came before.
	TakeOrders(ctx context.Context, v crm.Viewer, once crm.Once, list []crm.Order, o crm.OrderOptions) (out []crm.OrderResult, again bool, err error)
	OrderNumbered(ctx context.Context, v crm.Viewer, source, number string) (crm.Order, error)

	// Webhooks gives where shops tell of their orders, without the secrets;
	// Webhook one with it, [crm.KindNotFound] when there is none.
	Webhooks(ctx context.Context, v crm.Viewer) ([]crm.Webhook, error)
	Webhook(ctx context.Context, id crm.WebhookID) (crm.Webhook, error)
	// AddWebhook gives it with its secret, a new one when none was given.
	AddWebhook(ctx context.Context, v crm.Viewer, w crm.Webhook) (crm.Webhook, error)
	RemoveWebhook(ctx context.Context, v crm.Viewer, id crm.WebhookID) error
	// HearShop keeps what a shop told; nil, and the reason why nothing of it can
	// be kept, are noted.
	HearShop(ctx context.Context, id crm.WebhookID, w *crm.ShopWord, problem string) error

	// Rates gives what currencies are worth in the firm's.
	Rates(ctx context.Context) ([]crm.CurrencyRate, error)
	SetRate(ctx context.Context, v crm.Viewer, r crm.CurrencyRate) error

	// SaveOrders keeps orders, all in one transaction, and says of each what
	// became of it.
	SaveOrders(ctx context.Context, v crm.Viewer, list []crm.Order, o crm.OrderOptions) ([]crm.OrderResult, error)
	BeginOrderImport(ctx context.Context, v crm.Viewer, source, name string) (crm.ImportID, error)
	// EndOrderImport reports whether it has brought anything; one that has not
	// leaves no trace.
	EndOrderImport(ctx context.Context, v crm.Viewer, id crm.ImportID) (brought bool, err error)
	// OrderImports gives the newest first.
	OrderImports(ctx context.Context, v crm.Viewer) ([]crm.OrderImport, error)
	// UndoOrderImport gives how many orders and customers it took.
	UndoOrderImport(ctx context.Context, v crm.Viewer, id crm.ImportID) (orders, customers int, err error)
}

// maxAPIBody bounds what programs send: a thousand orders of thirty lines.
const maxAPIBody = 8 << 20

// A network address may ask the API 300 times at once and then ten times a
// second, so that guessing of tokens costs us nothing; a token 60 times and then
// twice a second, which is two thousand orders a second.
const (
	apiAddressBurst, apiAddressEvery = 300, 100 * time.Millisecond
	apiTokenBurst, apiTokenEvery     = 60, 500 * time.Millisecond
)

// apiCall is one request of a program.
type apiCall struct {
	token  crm.APIToken
	viewer crm.Viewer
	firm   crm.Firm
}

type apiHandler func(w http.ResponseWriter, r *http.Request, c *apiCall) error

// api wraps a handler for programs with a token of a scope. It knows neither
// cookies nor sessions, so that no page of another site can act through it.
func (s *Server) api(scope crm.APIScope, h apiHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		c, err := s.bearer(w, r, scope)
		if err == nil {
			err = h(w, r, c)
		}
		if err != nil {
			s.problem(w, r, err)
		}
	})
}

// tooMany is an error that says how long to wait.
type tooMany struct{ wait time.Duration }

// Error says it to programs.
func (e *tooMany) Error() string { return "too many requests; wait as long as Retry-After says" }

// unsaid is a fault of the request itself, with its status.
type unsaid struct {
	status int
	text   string
}

// Error says it to programs.
func (e *unsaid) Error() string { return e.text }

// bearer finds the token of a request (RFC 6750 §2.1) and what it may do.
func (s *Server) bearer(w http.ResponseWriter, r *http.Request, scope crm.APIScope) (*apiCall, error) {
	if wait := s.tries.one("api "+clientIP(r), apiAddressBurst, apiAddressEvery); wait > 0 {
		return nil, &tooMany{wait}
	}
	kind, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	hash, ok := crm.HashAPIToken(strings.TrimSpace(text))
	if !strings.EqualFold(kind, "Bearer") || !ok {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Kaveri"`)
		return nil, &unsaid{http.StatusUnauthorized, "a token is needed: Authorization: Bearer kaveri_..."}
	}
	t, v, err := s.Intake.APIToken(r.Context(), hash)
	if crm.KindOf(err) == crm.KindNotFound && err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Kaveri", error="invalid_token"`)
		return nil, &unsaid{http.StatusUnauthorized, "the token is unknown or was revoked"}
	}
	if err != nil {
		return nil, err
	}
	if wait := s.tries.one("token "+strconv.FormatInt(int64(t.ID), 10), apiTokenBurst, apiTokenEvery); wait > 0 {
		return nil, &tooMany{wait}
	}
	if !t.May(scope) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Kaveri", error="insufficient_scope", scope="`+string(scope)+`"`)
		return nil, &unsaid{http.StatusForbidden, "the token has not the scope " + string(scope)}
	}
	firm, err := s.Store.Firm(r.Context())
	return &apiCall{token: t, viewer: v, firm: firm}, err
}

// Problem is a fault of a whole request (RFC 9457 §3). Its type is about:blank,
// so that the title is that of the status; field is an addition of ours.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"`
	ID     string `json:"request"` // by which the log names it
}

// problem answers with what is wrong with a request.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	p := Problem{Type: "about:blank", ID: requestID(r.Context())}
	var said *unsaid
	var wait *tooMany
	var large *http.MaxBytesError
	var e *crm.Error
	switch {
	case errors.As(err, &said):
		p.Status, p.Detail = said.status, said.text
	case errors.As(err, &wait):
		w.Header().Set("Retry-After", strconv.Itoa(int((wait.wait+time.Second-1)/time.Second)))
		p.Status, p.Detail = http.StatusTooManyRequests, wait.Error()
	case errors.As(err, &large):
		p.Status, p.Detail = http.StatusRequestEntityTooLarge, "more than "+strconv.FormatInt(large.Limit>>20, 10)+" MB at once; send fewer orders"
	case errors.As(err, &e) && e.Kind != crm.KindInternal:
		p.Status, p.Detail, p.Field = statusOf[e.Kind], e.Text, fieldOfAPI(e.Field)
	default:
		p.Status = http.StatusInternalServerError
		s.Log.ErrorContext(r.Context(), "request failed", "request", p.ID, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	p.Title = http.StatusText(p.Status)
	writeJSON(w, p.Status, "application/problem+json", p)
}

// writeJSON answers a program.
func writeJSON(w http.ResponseWriter, status int, kind string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // types of ours
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	w.Write(b)
}

// apiFields are the fields of the API whose names differ from those of people.
var apiFields = map[string]string{"order": "number", "date": "at", "product": "lines", "address": "buyer.address"}

func fieldOfAPI(f string) string {
	if name, ok := apiFields[f]; ok {
		return name
	}
	return f
}

// OrdersAnswer is what became of a batch of orders, in the order in which they
// came.
type OrdersAnswer struct {
	Added    int           `json:"added"`
	Same     int           `json:"same"`
	Replaced int           `json:"replaced"`
	Refused  int           `json:"refused"`
	Orders   []OrderAnswer `json:"orders"`
}

// OrderAnswer is what became of one of them.
type OrderAnswer struct {
	Source   string           `json:"source"`
	Number   string           `json:"number"`
	Outcome  crm.OrderOutcome `json:"outcome"`
	ID       crm.OrderID      `json:"id,omitempty"`
	Customer crm.CustomerID   `json:"customer,omitempty"` // none: it is not known whose it is
	New      bool             `json:"new_customer,omitempty"`
	Error    *OrderFault      `json:"error,omitempty"`
	Note     string           `json:"note,omitempty"` // what is odd about an order that is kept
}

// OrderFault is why an order was refused, and how to mend it.
type OrderFault struct {
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

// maxIdempotencyKey bounds what a caller may call a request.
const maxIdempotencyKey = 255

// apiOrders takes a batch of orders. Those that can be kept are, whatever is
// wrong with the others: 200 when all are, 207 when some are, 422 when none is.
func (s *Server) apiOrders(w http.ResponseWriter, r *http.Request, c *apiCall) error {
	body, err := s.apiBody(r)
	if err != nil {
		return err
	}
	once := crm.Once{Token: c.token.ID, Key: r.Header.Get("Idempotency-Key"), Body: sha256.Sum256(body)}
	if len(once.Key) > maxIdempotencyKey || strings.ContainsFunc(once.Key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return &unsaid{http.StatusBadRequest, "Idempotency-Key: write at most 255 visible characters of ASCII"}
	}
	batch, err := orders.ReadBatch(body, c.firm.Zone(), c.firm.Currency)
	if err != nil {
		return err
	}
	var list []crm.Order
	for i := range batch.Orders {
		if batch.Orders[i].Err == nil {
			list = append(list, batch.Orders[i].Order)
		}
	}
	results, again, err := s.Intake.TakeOrders(r.Context(), c.viewer, once, list, crm.OrderOptions{Replace: batch.Replace})
	if err != nil {
		return err
	}
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	a := answerOf(batch, results)
	status := http.StatusOK
	switch {
	case a.Refused == len(a.Orders):
		status = http.StatusUnprocessableEntity
	case a.Refused > 0:
		status = http.StatusMultiStatus
	}
	writeJSON(w, status, "application/json", a)
	return nil
}

// apiBody reads the JSON of a request.
func (s *Server) apiBody(r *http.Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, &unsaid{http.StatusUnsupportedMediaType, "send JSON, with Content-Type: application/json"}
	}
	return io.ReadAll(r.Body)
}

// answerOf joins what could not be read with what was kept or refused.
func answerOf(b *orders.Batch, results []crm.OrderResult) OrdersAnswer {
	a := OrdersAnswer{Orders: make([]OrderAnswer, len(b.Orders))}
	for i := range b.Orders {
		read := &b.Orders[i]
		result := crm.OrderResult{Outcome: crm.OrderRefused, Err: read.Err}
		if read.Err == nil {
			result, results = results[0], results[1:]
		}
		o := OrderAnswer{Source: read.Order.Source, Number: read.Order.Number, Outcome: result.Outcome, ID: result.Order, Customer: result.Customer, New: result.Made}
		var e *crm.Error
		if errors.As(result.Err, &e) {
			o.Error = &OrderFault{Field: fieldOfAPI(e.Field), Detail: capital(e.Text)}
		}
		if doubt := read.Order.Doubt(); result.Err == nil && doubt != "" {
			o.Note = capital(doubt)
		}
		switch result.Outcome {
		case crm.OrderAdded:
			a.Added++
		case crm.OrderSame:
			a.Same++
		case crm.OrderReplaced:
			a.Replaced++
		case crm.OrderRefused:
			a.Refused++
		}
		a.Orders[i] = o
	}
	return a
}

// noAPI answers what is no route of the API.
func (s *Server) noAPI(w http.ResponseWriter, r *http.Request) {
	if wait := s.tries.one("api "+clientIP(r), apiAddressBurst, apiAddressEvery); wait > 0 {
		s.problem(w, r, &tooMany{wait})
		return
	}
	s.problem(w, r, crm.NotFound("the API has no %s %s", r.Method, r.URL.Path))
}
