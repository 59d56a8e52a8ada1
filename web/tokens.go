package web

import (
	"net/http"
	"strconv"
	"strings"

	"kaveri/crm"
)

// AccessPage shows by which ways other programs reach Kaveri: tokens of the API,
// and webhooks at which shops tell of their orders.
type AccessPage struct {
	Shell
	Tokens  []TokenCard
	Hooks   []HookCard
	Scopes  []ScopeChoice
	Name    string // in the form of a token
	Kind    crm.ShopKind
	Source  string // in the form of a webhook
	Made    string // the text of a token that was just made; shown this once
	MadeFor string
	Hook    *HookCard // that was just made
	Secret  string    // of Hook, when Kaveri made it; shown this once
	Faults  Faults    // of the form of a token
	Wrong   Faults    // of the form of a webhook
}

// TokenCard is one token; its text is known to its bearer alone.
type TokenCard struct {
	crm.APIToken
	Can                   string // what it may do, in words
	Made, Last, RevokedAt Stamp
	Ended                 bool
}

// HookCard is one webhook.
type HookCard struct {
	crm.Webhook
	Shop    string // its kind, in words
	Address string
	Last    Stamp
	Before  []TroubleLine // what was not kept, the newest first
}

// TroubleLine is a problem of a webhook.
type TroubleLine struct {
	When   Stamp
	Number string // of the order, "" when it cannot be told
	Text   string // in English
}

// ScopeChoice is a scope in the form.
type ScopeChoice struct {
	Scope   crm.APIScope
	Text    string
	Checked bool
}

func (s *Server) accessPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showAccess(w, r, c, AccessPage{Scopes: c.scopes(crm.ScopeOrdersWrite)}, http.StatusOK)
}

// scopes gives the choices of the form.
func (c *call) scopes(checked ...crm.APIScope) (out []ScopeChoice) {
	t := crm.APIToken{Scopes: checked}
	for _, scope := range crm.APIScopes {
		out = append(out, ScopeChoice{scope, c.t(Key("scope." + string(scope))), t.May(scope)})
	}
	return out
}

func (s *Server) showAccess(w http.ResponseWriter, r *http.Request, c *call, p AccessPage, status int) error {
	tokens, err := s.Intake.APITokens(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		k := TokenCard{APIToken: t, Made: c.clock.stamp(t.Created), Last: c.clock.stamp(t.Used), RevokedAt: c.clock.stamp(t.Revoked), Ended: !t.Revoked.IsZero()}
		var can []string
		for _, scope := range t.Scopes {
			can = append(can, c.t(Key("scope."+string(scope))))
		}
		k.Can = strings.Join(can, ", ")
		p.Tokens = append(p.Tokens, k)
	}
	hooks, err := s.Intake.Webhooks(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		p.Hooks = append(p.Hooks, s.hookCard(r, c, h))
	}
	p.Shell = s.shell(c, "settings", c.t("access.title"))
	s.render(w, r, c, status, "access", p)
	return nil
}

// hookCard shows a webhook. Its address is the one by which the reader came.
func (s *Server) hookCard(r *http.Request, c *call, h crm.Webhook) HookCard {
	scheme := "http"
	if s.Secure {
		scheme = "https"
	}
	h.Secret = ""
	k := HookCard{Webhook: h, Shop: c.t(Key("shop." + string(h.Kind))), Address: scheme + "://" + r.Host + "/hooks/" + strconv.FormatInt(int64(h.ID), 10), Last: c.clock.stamp(h.Heard)}
	for _, p := range h.Problems {
		k.Before = append(k.Before, TroubleLine{c.clock.stamp(p.At), p.Number, p.Text})
	}
	return k
}

// addToken makes a token and shows it, this once: the page is not kept anywhere,
// and looking at it again does not show it.
func (s *Server) addToken(w http.ResponseWriter, r *http.Request, c *call) error {
	if err := r.ParseForm(); err != nil {
		return crm.Invalid("", "the form cannot be read")
	}
	p := AccessPage{Name: strings.TrimSpace(r.PostFormValue("name"))}
	scopes, err := crm.ParseAPIScopes(r.PostForm["scope"])
	p.Scopes = c.scopes(scopes...)
	if p.Name == "" {
		err = c.fault("name", "access.name.fault")
	}
	var t crm.APIToken
	if err == nil {
		t, p.Made, err = s.Intake.AddAPIToken(r.Context(), c.viewer, p.Name, scopes)
	}
	if err != nil {
		f, ok := c.faults(err, "name", "scope")
		if !ok {
			return err
		}
		p.Faults = f
		return s.showAccess(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	p.MadeFor, p.Name = t.Name, ""
	return s.showAccess(w, r, c, p, http.StatusOK)
}

func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.APITokenID](r, "id", "token")
	if err != nil {
		return err
	}
	if err := s.Intake.RevokeAPIToken(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return go303(w, r, "/settings/access", "token-revoked")
}

// addHook makes a webhook and shows its secret, this once.
func (s *Server) addHook(w http.ResponseWriter, r *http.Request, c *call) error {
	p := AccessPage{Scopes: c.scopes(crm.ScopeOrdersWrite), Kind: crm.ShopKind(r.PostFormValue("kind")), Source: strings.TrimSpace(r.PostFormValue("source"))}
	secret := strings.TrimSpace(r.PostFormValue("secret"))
	made, err := s.Intake.AddWebhook(r.Context(), c.viewer, crm.Webhook{Kind: p.Kind, Source: p.Source, Secret: secret})
	if err != nil {
		f, ok := c.faults(err, "kind", "source", "secret")
		if !ok {
			return err
		}
		p.Wrong = f
		return s.showAccess(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	if secret == "" {
		p.Secret = made.Secret
	}
	k := s.hookCard(r, c, made)
	p.Hook, p.Source = &k, ""
	return s.showAccess(w, r, c, p, http.StatusOK)
}

func (s *Server) removeHook(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.WebhookID](r, "id", "webhook")
	if err != nil {
		return err
	}
	if err := s.Intake.RemoveWebhook(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return go303(w, r, "/settings/access", "hook-removed")
}
