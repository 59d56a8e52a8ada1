package crm

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// ShopKind is a kind of shop that tells of its orders by webhooks.
type ShopKind string

// The kinds of shop.
const (
	ShopWooCommerce ShopKind = "woocommerce"
	ShopShopify     ShopKind = "shopify"
)

// ShopKinds lists all of them.
var ShopKinds = []ShopKind{ShopWooCommerce, ShopShopify}

// ParseShopKind reads the name of a kind of shop.
func ParseShopKind(s string) (ShopKind, error) {
	if k := ShopKind(strings.ToLower(strings.TrimSpace(s))); slices.Contains(ShopKinds, k) {
		return k, nil
	}
	return "", Invalid("kind", "%q is unknown; choose woocommerce or shopify", s)
}

// SignatureField names the header field in which a shop signs what it tells.
func (k ShopKind) SignatureField() string {
	if k == ShopShopify {
		return "X-Shopify-Hmac-Sha256"
	}
	return "X-WC-Webhook-Signature"
}

// TopicField names the header field that says what a call is about.
func (k ShopKind) TopicField() string {
	if k == ShopShopify {
		return "X-Shopify-Topic"
	}
	return "X-WC-Webhook-Topic"
}

// Webhook is an address at which a shop tells of its orders.
type Webhook struct {
	ID      WebhookID
	Kind    ShopKind
	Source  string // under which its orders are kept
	Secret  string // by which it signs; only where it is needed
	Staff   StaffID
	Maker   string // the name of Staff
	Created time.Time
	Heard   time.Time // when it told something last, rightly signed
	Problem string    // what of that was not kept, and why; in English

	Problems []ShopProblem // what was not kept before too, the newest first
}

// MaxShopProblems is how many problems are remembered of a webhook.
const MaxShopProblems = 20

// ShopProblem is what a shop told and could not be kept.
type ShopProblem struct {
	At     time.Time `json:"at"`
	Number string    `json:"number"` // of the order, "" when it cannot be told
	Text   string    `json:"text"`   // why, in English
}

// Trouble notes how the last call went: text is what of it was not kept, "" when
// all was. The oldest problem beyond [MaxShopProblems] is forgotten.
func (w *Webhook) Trouble(at time.Time, number, text string) {
	w.Heard, w.Problem = at, text
	if text == "" {
		return
	}
	w.Problems = slices.Insert(w.Problems, 0, ShopProblem{at.UTC(), number, text})
	w.Problems = w.Problems[:min(len(w.Problems), MaxShopProblems)]
}

// Signed reports whether the signature of a call proves that it knows the secret:
// both kinds of shop send the base64 of the HMAC-SHA-256 of the body. The
// comparison takes the same time whatever differs.
func (w *Webhook) Signed(body []byte, signature string) bool {
	said, err := base64.StdEncoding.DecodeString(strings.TrimSpace(signature))
	if err != nil || w.Secret == "" {
		return false
	}
	m := hmac.New(sha256.New, []byte(w.Secret))
	m.Write(body)
	return hmac.Equal(said, m.Sum(nil))
}

// ShopWord is what a shop tells of one order.
type ShopWord struct {
	ShopID  string    // by which the shop knows the order within
	Number  string    // by which people do, "" when this word does not say
	Version time.Time // when it was changed last; older words of it count no more
	Gone    bool      // it is no more in the shop
	Taxed   bool      // its prices have the tax in them
	Order   *Order    // as it stands now; nil: the word is of something else
	Refunds []ShopRefund
}

// ShopRefund is money that a shop gives back.
type ShopRefund struct {
	ID     string
	At     time.Time // zero: the shop does not say
	Amount Money     // never negative
	Tax    Money     // to be added when the order's prices have no tax in them
}

// Refund makes the order of negative total by which money for o is given back: at
// most left, which is what o was worth for goods less what was given back before,
// since shops give back shipping as well. It is false when nothing of that is for
// goods.
func (o *Order) Refund(r *ShopRefund, taxed bool, left Money, now time.Time) (Order, bool) {
	amount := r.Amount
	if !taxed {
		amount += r.Tax
	}
	if amount = min(amount, left); amount <= 0 {
		return Order{}, false
	}
	at := r.At
	if at.IsZero() {
		at = now
	}
	return Order{Source: o.Source, Number: o.Number + "-R" + r.ID, At: at, State: OrderPlaced, Buyer: o.Buyer, Currency: o.Currency, Total: -amount, Refunds: o.Number}, true
}
