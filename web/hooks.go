package web

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"time"

	"kaveri/crm"
	"kaveri/crm/orders"
)

// A network address may tell 3000 times at once and then 50 times a second: shops
// of many firms call from few addresses, and some stop after five refusals.
const hookBurst, hookEvery = 3000, 20 * time.Millisecond

// wooPing is what WooCommerce sends to an address that was just entered there,
// unsigned.
var wooPing = regexp.MustCompile(`^webhook_id=[0-9]{1,18}$`)

// hook takes what a shop tells of an order. An address that is unknown and a
// signature that is wrong are answered alike, and told nothing. What is rightly
// signed is answered with 200, whatever it says: sent again, it would say the
// same. What could not be kept stands at the webhook, for people.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	status, err := s.heard(r)
	if err != nil {
		status = http.StatusServiceUnavailable
		s.Log.ErrorContext(r.Context(), "what a shop tells cannot be kept", "request", requestID(r.Context()), "path", r.URL.Path, "error", err)
	}
	http.Error(w, http.StatusText(status), status)
}

// heard reads a call of a shop and gives the status to answer it with; an error
// is a fault of ours, after which the shop may try again.
func (s *Server) heard(r *http.Request) (int, error) {
	if wait := s.tries.one("hook "+clientIP(r), hookBurst, hookEvery); wait > 0 {
		return http.StatusTooManyRequests, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return http.StatusRequestEntityTooLarge, nil
	}
	if wooPing.Match(body) {
		return http.StatusOK, nil
	}
	id, err := crm.ParseID[crm.WebhookID]("webhook", r.PathValue("id"))
	if err != nil {
		return http.StatusUnauthorized, nil
	}
	hook, err := s.Intake.Webhook(r.Context(), id)
	if err != nil && crm.KindOf(err) != crm.KindNotFound {
		return 0, err
	}
	if err != nil || !hook.Signed(body, r.Header.Get(hook.Kind.SignatureField())) {
		return http.StatusUnauthorized, nil
	}
	word, ok, err := readShop(hook.Kind, r.Header.Get(hook.Kind.TopicField()), body)
	var told *crm.ShopWord
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	if ok || err != nil {
		told = &word
	}
	err = s.Intake.HearShop(r.Context(), hook.ID, told, problem)
	return http.StatusOK, err
}

// readShop reads what a shop of a kind tells.
func readShop(kind crm.ShopKind, topic string, body []byte) (crm.ShopWord, bool, error) {
	switch kind {
	case crm.ShopShopify:
		return orders.ReadShopify(topic, body)
	case crm.ShopWooCommerce:
		return orders.ReadWooCommerce(topic, body)
	}
	return crm.ShopWord{}, false, errors.New("web: no such kind of shop: " + string(kind))
}
