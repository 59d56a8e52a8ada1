package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"kaveri/crm"
)

var errTokens = crm.Forbidden("only an administrator may see and change the tokens of the API")

// AddAPIToken makes a token and gives its text, which is kept nowhere.
func (s *Store) AddAPIToken(ctx context.Context, v crm.Viewer, name string, scopes []crm.APIScope) (crm.APIToken, string, error) {
	if !v.MayAdminister() {
		return crm.APIToken{}, "", errTokens
	}
	name = clean(strings.TrimSpace(name), 300)
	if name == "" {
		return crm.APIToken{}, "", crm.Invalid("name", "say what will use the token, such as the web shop")
	}
	var words []string
	for _, scope := range scopes {
		words = append(words, string(scope))
	}
	scopes, err := crm.ParseAPIScopes(words)
	if err != nil {
		return crm.APIToken{}, "", err
	}
	text, hash := crm.NewAPIToken()
	t := crm.APIToken{Name: name, Scopes: scopes, Staff: v.Staff, Created: fromMicros(micros(s.now()))}
	err = s.write(ctx, func(x *tx) error {
		id, err := x.id()
		t.ID = crm.APITokenID(id)
		if err != nil {
			return err
		}
		return x.exec(`INSERT INTO api_tokens (id, hash, name, scopes, staff_id, created_us) VALUES ($1, $2, $3, $4, $5, $6)`, id, hash[:], name, strings.Join(words, " "), orNull(v.Staff), micros(t.Created))
	})
	if err != nil {
		return crm.APIToken{}, "", err
	}
	return t, text, nil
}

const apiTokenQuery = `SELECT t.id, t.name, t.scopes, COALESCE(t.staff_id, 0), COALESCE(s.name, ''), t.created_us, t.used_us, t.revoked_us FROM api_tokens t LEFT JOIN staff s ON s.id = t.staff_id `

func scanAPIToken(r interface{ Scan(...any) error }, t *crm.APIToken) error {
	var scopes string
	var created, used, revoked int64
	err := r.Scan(&t.ID, &t.Name, &scopes, &t.Staff, &t.Maker, &created, &used, &revoked)
	for scope := range strings.FieldsSeq(scopes) {
		t.Scopes = append(t.Scopes, crm.APIScope(scope))
	}
	t.Created, t.Used, t.Revoked = fromMicros(created), fromMicros(used), fromMicros(revoked)
	return err
}

// APITokens lists the tokens, the newest first, those that were revoked too.
func (s *Store) APITokens(ctx context.Context, v crm.Viewer) ([]crm.APIToken, error) {
	if !v.MayAdminister() {
		return nil, errTokens
	}
	var out []crm.APIToken
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(apiTokenQuery + `ORDER BY t.id DESC`)
		out, err = collect(rows, err, func(r *sql.Rows, t *crm.APIToken) error { return scanAPIToken(r, t) })
		return err
	})
	return out, err
}

// RevokeAPIToken ends a token at once. A second time changes nothing.
func (s *Store) RevokeAPIToken(ctx context.Context, v crm.Viewer, id crm.APITokenID) error {
	if !v.MayAdminister() {
		return errTokens
	}
	return s.write(ctx, func(x *tx) error {
		var one int
		err := x.row(`SELECT 1 FROM api_tokens WHERE id = $1`, int64(id)).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return crm.NotFound("no token has the number %d", id)
		}
		if err != nil {
			return err
		}
		if err := x.exec(`DELETE FROM api_answers WHERE token_id = $1`, int64(id)); err != nil {
			return err
		}
		return x.exec(`UPDATE api_tokens SET revoked_us = $1 WHERE id = $2 AND revoked_us = 0`, micros(s.now()), int64(id))
	})
}

// apiTokenTouch is how exactly the last use of a token is known.
const apiTokenTouch = time.Minute

// APIToken gives the token of a hash and on whose behalf it acts, and notes that
// it is in use. It fails with [crm.KindNotFound] when there is none, it was
// revoked, or who made it is disabled.
func (s *Store) APIToken(ctx context.Context, hash [32]byte) (crm.APIToken, crm.Viewer, error) {
	none := crm.NotFound("the token is unknown or was revoked")
	var t crm.APIToken
	v := crm.SystemViewer
	err := s.view(ctx, func(x *tx) error {
		err := scanAPIToken(x.row(apiTokenQuery+`WHERE t.hash = $1 AND t.revoked_us = 0`, hash[:]), &t)
		if errors.Is(err, sql.ErrNoRows) {
			return none
		}
		if err != nil || t.Staff == 0 {
			return err
		}
		var m crm.Staff
		if err := scanStaff(x.row(`SELECT id, name, address, role, language, disabled, created_us FROM staff WHERE id = $1`, int64(t.Staff)), &m); err != nil {
			return err
		}
		if m.Disabled {
			return none
		}
		v = crm.ViewerOf(m)
		return nil
	})
	if now := s.now(); err == nil && now.Sub(t.Used) >= apiTokenTouch {
		err = s.write(ctx, func(x *tx) error {
			return x.exec(`UPDATE api_tokens SET used_us = $1 WHERE id = $2 AND used_us < $3`, micros(now), int64(t.ID), micros(now))
		})
	}
	if err != nil {
		return crm.APIToken{}, crm.Viewer{}, err
	}
	return t, v, nil
}

// onceKept is how long the answer to a request that has a key is kept.
const onceKept = 7 * 24 * time.Hour

// TakeOrders keeps orders as SaveOrders does, once: when the request has come
// before, its outcomes are those of then, and again is true. The same key with
// another body is an error of kind [crm.KindConflict].
func (s *Store) TakeOrders(ctx context.Context, v crm.Viewer, once crm.Once, list []crm.Order, o OrderOptions) (out []crm.OrderResult, again bool, err error) {
	if !mayRead(v) {
		return nil, false, errNobody
	}
	err = s.write(ctx, func(x *tx) error {
		if out, again, err = x.answered(once); err != nil || again {
			return err
		}
		g, err := x.newOrders(append([]crm.Order(nil), list...), o)
		if err != nil {
			return err
		}
		if out, err = g.save(); err != nil {
			return err
		}
		if err := g.noteRefunds(out); err != nil {
			return err
		}
		return x.answer(once, out)
	})
	if err != nil || again {
		return out, again, err
	}
	return out, false, s.decideStale(ctx)
}

// storedResult is an outcome as it is kept for a request that comes again.
type storedResult struct {
	Outcome  crm.OrderOutcome
	Order    crm.OrderID
	Customer crm.CustomerID
	Made     bool
	Kind     crm.Kind
	Field    string
	Text     string
	Note     string
}

// answered gives what a request was answered when it came before.
func (x *tx) answered(once crm.Once) ([]crm.OrderResult, bool, error) {
	if once.Key == "" {
		return nil, false, nil
	}
	var body, answer []byte
	err := x.row(`SELECT body, answer FROM api_answers WHERE token_id = $1 AND key = $2 AND at_us > $3`, int64(once.Token), once.Key, micros(x.s.now().Add(-onceKept))).Scan(&body, &answer)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if !bytes.Equal(body, once.Body[:]) {
		return nil, false, &crm.Error{Kind: crm.KindConflict, Field: "Idempotency-Key", Text: "this key was used for another request; give each request a key of its own"}
	}
	var list []storedResult
	if err := json.Unmarshal(answer, &list); err != nil {
		return nil, false, err
	}
	out := make([]crm.OrderResult, len(list))
	for i, r := range list {
		out[i] = crm.OrderResult{Outcome: r.Outcome, Order: r.Order, Customer: r.Customer, Made: r.Made, Note: r.Note}
		if r.Text != "" {
			out[i].Err = &crm.Error{Kind: r.Kind, Field: r.Field, Text: r.Text}
		}
	}
	return out, true, nil
}

// answer keeps what a request was answered, and forgets what is old.
func (x *tx) answer(once crm.Once, results []crm.OrderResult) error {
	if once.Key == "" {
		return nil
	}
	now := x.s.now()
	if err := x.exec(`DELETE FROM api_answers WHERE at_us <= $1`, micros(now.Add(-onceKept))); err != nil {
		return err
	}
	list := make([]storedResult, len(results))
	for i, r := range results {
		list[i] = storedResult{Outcome: r.Outcome, Order: r.Order, Customer: r.Customer, Made: r.Made, Note: r.Note}
		var e *crm.Error
		if errors.As(r.Err, &e) {
			list[i].Kind, list[i].Field, list[i].Text = e.Kind, e.Field, e.Text
		}
	}
	j, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return x.exec(`INSERT INTO api_answers (token_id, key, body, answer, at_us) VALUES ($1, $2, $3, $4, $5)`, int64(once.Token), once.Key, once.Body[:], j, micros(now))
}

// OrderNumbered gives the order that a source numbers so; [crm.KindNotFound].
func (s *Store) OrderNumbered(ctx context.Context, v crm.Viewer, source, number string) (o crm.Order, err error) {
	none := crm.NotFound("%s has no order %s here", source, number)
	if !mayRead(v) {
		return o, none
	}
	err = s.view(ctx, func(x *tx) error {
		var ok bool
		o, ok, err = x.orderNumbered(source, number)
		if err == nil && !ok {
			err = none
		}
		return err
	})
	return o, err
}
