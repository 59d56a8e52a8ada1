package web

import (
	"context"
	"sync"
	"time"

	"kaveri/crm"
)

// intake is a small Intake in memory. The real one is tested with the whole
// program.
type intake struct {
	mu     sync.Mutex
	next   int64
	tokens []crm.APIToken
	hashes map[[32]byte]int
	orders map[string]crm.Order // by source and number
	hooks  []crm.Webhook
	heard  []crm.ShopWord
	rates  []crm.CurrencyRate
	files  []crm.OrderImport
}

func newIntake() *intake {
	return &intake{next: 500, hashes: map[[32]byte]int{}, orders: map[string]crm.Order{}}
}

// trading is an intake of a firm with shops and programs.
func trading() *intake {
	n := newIntake()
	_, used := crm.NewAPIToken()
	_, gone := crm.NewAPIToken()
	n.tokens = []crm.APIToken{{ID: 481, Name: "Kassa", Scopes: crm.APIScopes, Staff: 1, Maker: "Mikko Laine", Created: now.AddDate(0, -2, 0), Used: now.Add(-20 * time.Minute)},
		{ID: 482, Name: "Vanha kauppa", Scopes: crm.APIScopes[:1], Staff: 1, Maker: "Mikko Laine", Created: now.AddDate(0, -9, 0), Revoked: now.AddDate(0, 0, -3)}}
	n.hashes[used], n.hashes[gone] = 0, 1
	n.hooks = []crm.Webhook{{ID: 491, Kind: crm.ShopWooCommerce, Source: "verkkokauppa", Secret: "salaisuus", Created: now.AddDate(0, -1, 0), Heard: now.Add(-2 * time.Hour), Problem: "currency: order 8802 is in SEK, and what that is worth in EUR at 2026-11-17 is not known; set its rate first", Problems: []crm.ShopProblem{{At: now.Add(-2 * time.Hour), Number: "8802", Text: "currency: order 8802 is in SEK, and what that is worth in EUR at 2026-11-17 is not known; set its rate first"}, {At: now.Add(-26 * time.Hour), Text: "the shop's words cannot be read: unexpected end of JSON input"}}},
		{ID: 492, Kind: crm.ShopShopify, Source: "Lahjakortit", Secret: "salaisuus2", Created: now.Add(-time.Hour)}}
	n.rates = []crm.CurrencyRate{{Currency: "SEK", From: time.Unix(0, 0).UTC(), Rate: 88_000_000}, {Currency: "SEK", From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Rate: 91_500_000}}
	n.files = []crm.OrderImport{{ID: 471, Source: "kassa", Name: "lokakuu.csv", Added: 1204, Replaced: 3, At: now.AddDate(0, 0, -12)}, {ID: 470, Source: "kassa", Name: "väärä tiedosto.csv", Added: 17, At: now.AddDate(0, 0, -13), Undone: now.AddDate(0, 0, -13)}}
	return n
}

func (n *intake) id() int64 { n.next++; return n.next }

func (n *intake) APIToken(_ context.Context, hash [32]byte) (crm.APIToken, crm.Viewer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i, ok := n.hashes[hash]
	if !ok || !n.tokens[i].Revoked.IsZero() {
		return crm.APIToken{}, crm.Viewer{}, crm.NotFound("no such token")
	}
	n.tokens[i].Used = now
	return n.tokens[i], crm.SystemViewer, nil
}

func (n *intake) APITokens(_ context.Context, v crm.Viewer) ([]crm.APIToken, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !v.MayAdminister() {
		return nil, crm.Forbidden("no")
	}
	return append([]crm.APIToken(nil), n.tokens...), nil
}

func (n *intake) AddAPIToken(_ context.Context, v crm.Viewer, name string, scopes []crm.APIScope) (crm.APIToken, string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if name == "" {
		return crm.APIToken{}, "", crm.Invalid("name", "say what will use the token, such as the web shop")
	}
	text, hash := crm.NewAPIToken()
	t := crm.APIToken{ID: crm.APITokenID(n.id()), Name: name, Scopes: scopes, Staff: v.Staff, Maker: "Mikko Laine", Created: now}
	n.hashes[hash] = len(n.tokens)
	n.tokens = append(n.tokens, t)
	return t, text, nil
}

func (n *intake) RevokeAPIToken(_ context.Context, _ crm.Viewer, id crm.APITokenID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.tokens {
		if n.tokens[i].ID == id {
			n.tokens[i].Revoked = now
			return nil
		}
	}
	return crm.NotFound("no such token")
}

func (n *intake) TakeOrders(ctx context.Context, v crm.Viewer, _ crm.Once, list []crm.Order, o crm.OrderOptions) ([]crm.OrderResult, bool, error) {
	out, err := n.SaveOrders(ctx, v, list, o)
	return out, false, err
}

func (n *intake) SaveOrders(_ context.Context, _ crm.Viewer, list []crm.Order, how crm.OrderOptions) ([]crm.OrderResult, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []crm.OrderResult
	for _, o := range list {
		r := crm.OrderResult{Outcome: crm.OrderAdded}
		if err := o.Validate(now); err != nil {
			r = crm.OrderResult{Outcome: crm.OrderRefused, Err: err}
		} else if had, ok := n.orders[o.Source+"/"+o.Number]; ok {
			r = crm.OrderResult{Outcome: crm.OrderSame, Order: had.ID}
		} else {
			o.ID = crm.OrderID(n.id())
			r.Order, n.orders[o.Source+"/"+o.Number] = o.ID, o
			for i := range n.files {
				if n.files[i].ID == how.Import {
					n.files[i].Added++
				}
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func (n *intake) OrderNumbered(_ context.Context, _ crm.Viewer, source, number string) (crm.Order, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o, ok := n.orders[source+"/"+number]
	if !ok {
		return o, crm.NotFound("no such order")
	}
	return o, nil
}

func (n *intake) Webhooks(_ context.Context, v crm.Viewer) ([]crm.Webhook, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !v.MayAdminister() {
		return nil, crm.Forbidden("no")
	}
	out := append([]crm.Webhook(nil), n.hooks...)
	for i := range out {
		out[i].Secret = ""
	}
	return out, nil
}

func (n *intake) Webhook(_ context.Context, id crm.WebhookID) (crm.Webhook, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, w := range n.hooks {
		if w.ID == id {
			return w, nil
		}
	}
	return crm.Webhook{}, crm.NotFound("no such webhook")
}

func (n *intake) AddWebhook(_ context.Context, _ crm.Viewer, w crm.Webhook) (crm.Webhook, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if w.Source == "" {
		return w, crm.Invalid("source", "name the shop; its orders are kept under that name")
	}
	if w.Secret == "" {
		w.Secret = "made-for-you"
	}
	w.ID, w.Created = crm.WebhookID(n.id()), now
	n.hooks = append(n.hooks, w)
	return w, nil
}

func (n *intake) RemoveWebhook(_ context.Context, _ crm.Viewer, id crm.WebhookID) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.hooks {
		if n.hooks[i].ID == id {
			n.hooks = append(n.hooks[:i], n.hooks[i+1:]...)
			return nil
		}
	}
	return crm.NotFound("no such webhook")
}

func (n *intake) HearShop(_ context.Context, id crm.WebhookID, w *crm.ShopWord, problem string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.hooks {
		if n.hooks[i].ID == id {
			number := ""
			if w != nil {
				number = w.Number
			}
			n.hooks[i].Trouble(now, number, problem)
		}
	}
	if w != nil && problem == "" {
		n.heard = append(n.heard, *w)
	}
	return nil
}

func (n *intake) Rates(context.Context) ([]crm.CurrencyRate, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]crm.CurrencyRate(nil), n.rates...), nil
}

func (n *intake) SetRate(_ context.Context, _ crm.Viewer, r crm.CurrencyRate) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.Currency == "EUR" {
		return crm.Invalid("currency", "EUR is your own currency")
	}
	n.rates = append(n.rates, r)
	return nil
}

func (n *intake) BeginOrderImport(_ context.Context, v crm.Viewer, source, name string) (crm.ImportID, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := crm.OrderImport{ID: crm.ImportID(n.id()), Source: source, Name: name, Staff: v.Staff, At: now}
	n.files = append([]crm.OrderImport{f}, n.files...)
	return f.ID, nil
}

func (n *intake) EndOrderImport(_ context.Context, _ crm.Viewer, id crm.ImportID) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, f := range n.files {
		if f.ID == id && f.Added > 0 {
			return true, nil
		}
		if f.ID == id {
			n.files = append(n.files[:i], n.files[i+1:]...)
			return false, nil
		}
	}
	return false, nil
}

func (n *intake) OrderImports(context.Context, crm.Viewer) ([]crm.OrderImport, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]crm.OrderImport(nil), n.files...), nil
}

func (n *intake) UndoOrderImport(_ context.Context, _ crm.Viewer, id crm.ImportID) (int, int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.files {
		if n.files[i].ID == id && n.files[i].Undone.IsZero() {
			n.files[i].Undone = now
			return n.files[i].Added, 0, nil
		}
	}
	return 0, 0, crm.NotFound("no such import")
}
