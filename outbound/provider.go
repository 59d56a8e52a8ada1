package outbound

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Providers says who takes the mail of a domain: the organisation of its best
// mail exchanger (RFC 5321 §5.1), so that a thousand firms at one provider share
// its pace. It answers at once: until DNS has, or where it is not to be had, a
// domain is its own provider.
type Providers struct {
	lookUp func(ctx context.Context, domain string) ([]*net.MX, error)
	slots  chan struct{}

	mu    sync.Mutex
	known map[string]provider
}

type provider struct {
	name  string
	until time.Time
}

const (
	providerKept  = 12 * time.Hour
	providerAgain = 10 * time.Minute // after a failed lookup
	providersKept = 100_000
)

// NewProviders looks domains up with lookUp, or in DNS when that is nil.
func NewProviders(lookUp func(ctx context.Context, domain string) ([]*net.MX, error)) *Providers {
	if lookUp == nil {
		lookUp = net.DefaultResolver.LookupMX
	}
	return &Providers{lookUp: lookUp, slots: make(chan struct{}, 8), known: map[string]provider{}}
}

// Of gives the provider of a domain as far as it is known.
func (p *Providers) Of(domain string) string {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	k, ok := p.known[domain]
	if ok && now.Before(k.until) {
		return k.name
	}
	if !ok {
		k.name = domain
	}
	select {
	case p.slots <- struct{}{}:
		go p.learn(domain)
		k.until = now.Add(time.Minute) // not asked twice meanwhile
	default: // many are being asked already: next time
		k.until = now.Add(time.Second)
	}
	if len(p.known) >= providersKept {
		clear(p.known)
	}
	p.known[domain] = k
	return k.name
}

func (p *Providers) learn(domain string) {
	defer func() { <-p.slots }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	found := provider{domain, time.Now().Add(providerAgain)}
	mx, err := p.lookUp(ctx, domain)
	if err == nil && len(mx) > 0 {
		host := strings.TrimSuffix(strings.ToLower(mx[0].Host), ".")
		if org, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
			host = org
		}
		if host != "" {
			found = provider{host, time.Now().Add(providerKept)}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[domain] = found
}
