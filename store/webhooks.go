package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	"kaveri/crm"
)

var errWebhooks = crm.Forbidden("only an administrator may see and change where shops tell of their orders")

// AddWebhook makes an address at which a shop tells of its orders, and gives it
// with its secret: the one it was given, else a new one of 128 random bits.
func (s *Store) AddWebhook(ctx context.Context, v crm.Viewer, w crm.Webhook) (crm.Webhook, error) {
	if !v.MayAdminister() {
		return crm.Webhook{}, errWebhooks
	}
	var err error
	if w.Kind, err = crm.ParseShopKind(string(w.Kind)); err != nil {
		return crm.Webhook{}, err
	}
	if w.Source = clean(strings.TrimSpace(w.Source), 300); w.Source == "" {
		return crm.Webhook{}, crm.Invalid("source", "name the shop; its orders are kept under that name")
	}
	w.Secret = strings.TrimSpace(w.Secret)
	switch {
	case w.Secret == "" && w.Kind == crm.ShopShopify:
		return crm.Webhook{}, crm.Invalid("secret", "Shopify makes the secret by which it signs; copy it from where its webhooks are set up")
	case w.Secret == "":
		w.Secret = rand.Text()
	case len(w.Secret) < 8 || len(w.Secret) > 500:
		return crm.Webhook{}, crm.Invalid("secret", "the secret must have 8 to 500 characters")
	}
	w.Staff, w.Created = v.Staff, fromMicros(micros(s.now()))
	err = s.write(ctx, func(x *tx) error {
		id, err := x.id()
		if err != nil {
			return err
		}
		w.ID = crm.WebhookID(id)
		return x.exec(`INSERT INTO webhooks (id, kind, source, secret, staff_id, created_us) VALUES ($1, $2, $3, $4, $5, $6)`, id, string(w.Kind), w.Source, s.key.sealed(w.Secret, secretOf("webhooks", id)), orNull(v.Staff), micros(w.Created))
	})
	return w, err
}

const webhookQuery = `SELECT w.id, w.kind, w.source, w.secret, COALESCE(w.staff_id, 0), COALESCE(s.name, ''), w.created_us, w.heard_us, w.problem, w.problems FROM webhooks w LEFT JOIN staff s ON s.id = w.staff_id `

func scanWebhook(r interface{ Scan(...any) error }, w *crm.Webhook, sealed *[]byte) error {
	var created, heard int64
	var problems string
	if err := r.Scan(&w.ID, &w.Kind, &w.Source, sealed, &w.Staff, &w.Maker, &created, &heard, &w.Problem, &problems); err != nil {
		return err
	}
	w.Created, w.Heard = fromMicros(created), fromMicros(heard)
	return json.Unmarshal([]byte(problems), &w.Problems)
}

// Webhooks lists where shops tell of their orders, without the secrets.
func (s *Store) Webhooks(ctx context.Context, v crm.Viewer) ([]crm.Webhook, error) {
	if !v.MayAdminister() {
		return nil, errWebhooks
	}
	var out []crm.Webhook
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(webhookQuery + `ORDER BY w.id`)
		out, err = collect(rows, err, func(r *sql.Rows, w *crm.Webhook) error { return scanWebhook(r, w, new([]byte)) })
		return err
	})
	return out, err
}

// Webhook gives one with its secret, for what answers shops.
func (s *Store) Webhook(ctx context.Context, id crm.WebhookID) (w crm.Webhook, err error) {
	err = s.view(ctx, func(x *tx) error {
		var sealed []byte
		err := scanWebhook(x.row(webhookQuery+`WHERE w.id = $1`, int64(id)), &w, &sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return crm.NotFound("no webhook has the number %d", id)
		}
		if err == nil {
			w.Secret, err = s.key.opened(sealed, secretOf("webhooks", int64(id)))
		}
		return err
	})
	return w, err
}

// RemoveWebhook takes one away with its secret. The orders that came by it stay.
func (s *Store) RemoveWebhook(ctx context.Context, v crm.Viewer, id crm.WebhookID) error {
	if !v.MayAdminister() {
		return errWebhooks
	}
	return s.write(ctx, func(x *tx) error {
		var one int
		err := x.row(`SELECT 1 FROM webhooks WHERE id = $1`, int64(id)).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return crm.NotFound("no webhook has the number %d", id)
		}
		if err == nil {
			err = x.exec(`DELETE FROM webhook_orders WHERE webhook_id = $1`, int64(id))
		}
		if err == nil {
			err = x.exec(`DELETE FROM webhooks WHERE id = $1`, int64(id))
		}
		return err
	})
}

// HearShop keeps what a shop has told of an order, in one transaction; nil notes
// only that it was heard. What was told before, or is older than what was told
// since, changes nothing. A word that cannot be kept is noted at the webhook, for
// people; problem is what its reader says so, and w beside it only names the order.
func (s *Store) HearShop(ctx context.Context, id crm.WebhookID, w *crm.ShopWord, problem string) error {
	err := s.write(ctx, func(x *tx) error {
		h := &hearing{x: x}
		if err := scanWebhook(x.row(webhookQuery+`WHERE w.id = $1`, int64(id)), &h.hook, new([]byte)); err != nil {
			return err
		}
		if w != nil {
			err := h.recall(w)
			if err == nil && problem == "" {
				err = h.hear(w)
			}
			var e *crm.Error
			switch {
			case errors.As(err, &e) && e.Kind != crm.KindInternal:
				problem = e.Error()
			case err != nil:
				return err
			}
		}
		return h.end(w, problem)
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

// hearing is one word of a shop on its way in.
type hearing struct {
	x       *tx
	hook    crm.Webhook
	known   bool
	number  string
	version int64
	taxed   bool
}

// end notes when the shop was heard, and what was not kept.
func (h *hearing) end(w *crm.ShopWord, problem string) error {
	number := h.number
	if number == "" && w != nil {
		number = w.Number
	}
	h.hook.Trouble(fromMicros(micros(h.x.s.now())), clean(number, 300), clean(problem, 500))
	problems, err := json.Marshal(append([]crm.ShopProblem{}, h.hook.Problems...))
	if err != nil {
		return err
	}
	return h.x.exec(`UPDATE webhooks SET heard_us = $1, problem = $2, problems = $3 WHERE id = $4`, micros(h.hook.Heard), h.hook.Problem, string(problems), int64(h.hook.ID))
}

// recall finds what is known of an order by its number within the shop.
func (h *hearing) recall(w *crm.ShopWord) error {
	var taxed int64
	err := h.x.row(`SELECT number, version_us, taxed FROM webhook_orders WHERE webhook_id = $1 AND shop_id = $2`, int64(h.hook.ID), w.ShopID).Scan(&h.number, &h.version, &taxed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	h.known, h.taxed = err == nil, taxed != 0
	return nil
}

func (h *hearing) hear(w *crm.ShopWord) (err error) {
	switch {
	case w.Gone:
		err = h.gone(w)
	case w.Order != nil:
		err = h.stands(w)
	case !h.known && len(w.Refunds) > 0:
		err = crm.Invalid("refunds", "money was given back for an order that has not come in; have the shop tell of changed orders too, or import it")
	default:
		err = h.refunds(w)
	}
	return err
}

// stands keeps an order as it stands now.
func (h *hearing) stands(w *crm.ShopWord) error {
	version := micros(w.Version)
	if w.Version.IsZero() {
		version = 0
	}
	if h.known && version < h.version {
		return nil
	}
	o := *w.Order
	o.Source = h.hook.Source
	if h.known {
		o.Number = h.number
	} else if twins, err := h.x.sameOrders(&o, true); err != nil {
		return err
	} else if err := h.x.removeOrders(twins); err != nil { // its confirmation was quicker
		return err
	}
	if err := h.save(o, true); err != nil {
		return err
	}
	h.known, h.number, h.taxed = true, o.Number, w.Taxed
	if err := h.note(w.ShopID, version); err != nil {
		return err
	}
	return h.refunds(w)
}

// note keeps by what an order is known to its shop, and of which version it is.
func (h *hearing) note(shopID string, version int64) error {
	return h.x.exec(`INSERT INTO webhook_orders (webhook_id, shop_id, number, version_us, taxed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (webhook_id, shop_id) DO UPDATE SET number = excluded.number, version_us = excluded.version_us, taxed = excluded.taxed`, int64(h.hook.ID), cut(shopID, 300), h.number, version, flag(h.taxed))
}

// save keeps one order; why it is refused is the error.
func (h *hearing) save(o crm.Order, replace bool) error {
	g, err := h.x.newOrders([]crm.Order{o}, OrderOptions{Replace: replace})
	if err != nil {
		return err
	}
	out, err := g.save()
	if err == nil {
		err = out[0].Err
	}
	return err
}

// gone calls off an order that is no more in its shop. The last word before that,
// told again, does not bring it back.
func (h *hearing) gone(w *crm.ShopWord) error {
	if !h.known {
		return nil
	}
	o, ok, err := h.x.orderNumbered(h.hook.Source, h.number)
	if err != nil || !ok || o.State == crm.OrderCancelled {
		return err
	}
	o.State = crm.OrderCancelled
	if err := h.save(o, true); err != nil {
		return err
	}
	return h.note(w.ShopID, h.version+1)
}

// refunds keeps what was given back, each once: as it was told first.
func (h *hearing) refunds(w *crm.ShopWord) error {
	if len(w.Refunds) == 0 {
		return nil
	}
	o, ok, err := h.x.orderNumbered(h.hook.Source, h.number)
	if err != nil || !ok {
		return err
	}
	left := o.Total
	for _, number := range o.RefundedBy {
		r, _, err := h.x.orderNumbered(o.Source, number)
		if err != nil {
			return err
		}
		left += r.Total
	}
	for i := range w.Refunds {
		r, ok := o.Refund(&w.Refunds[i], h.taxed, left, h.x.s.now())
		if !ok {
			continue
		}
		if _, here, err := h.x.orderNumbered(r.Source, r.Number); err != nil || here {
			if err != nil {
				return err
			}
			continue
		}
		if err := h.save(r, false); err != nil {
			return err
		}
		left += r.Total
	}
	return nil
}

// orderNumbered gives the order that a source numbers so, when it is here.
func (x *tx) orderNumbered(source, number string) (o crm.Order, ok bool, err error) {
	var id int64
	err = x.row(`SELECT id FROM orders WHERE number = $1 AND source = $2`, number, source).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return o, false, nil
	}
	if err == nil {
		o, err = x.wholeOrder(id)
	}
	return o, err == nil, err
}
