package web

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// throttle slows down guessing of passwords: a token bucket for each account
// and one for each address that asks. It counts tries, not failures, so that
// it tells nothing about which accounts exist.
type throttle struct {
	now     func() time.Time
	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	full time.Time // when it will be full again
}

// An account may be tried 10 times at once and then every 30 s; an address may
// try 30 times and then every 5 s, since an office shares one.
const (
	accountBurst, accountEvery = 10, 30 * time.Second
	addressBurst, addressEvery = 30, 5 * time.Second
	maxBuckets                 = 50_000
)

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, buckets: map[string]bucket{}}
}

// wait takes a token from both buckets; it gives how long to wait when one is
// empty, and then takes none.
func (t *throttle) wait(account, ip string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.buckets) > maxBuckets {
		t.sweep(now)
	}
	a, b := "account "+account, "address "+ip
	if w := max(t.short(a, now, accountBurst, accountEvery), t.short(b, now, addressBurst, addressEvery)); w > 0 {
		return w
	}
	t.take(a, now, accountEvery)
	t.take(b, now, addressEvery)
	return 0
}

// one takes a token from one bucket; it gives how long to wait when that is
// empty.
func (t *throttle) one(key string, burst int, every time.Duration) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.buckets) > maxBuckets {
		t.sweep(now)
	}
	if w := t.short(key, now, burst, every); w > 0 {
		return w
	}
	t.take(key, now, every)
	return 0
}

func (t *throttle) short(key string, now time.Time, burst int, every time.Duration) time.Duration {
	debt := max(0, t.buckets[key].full.Sub(now)) // how far from full
	return debt - time.Duration(burst-1)*every
}

func (t *throttle) take(key string, now time.Time, every time.Duration) {
	b := t.buckets[key]
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(every)
	t.buckets[key] = b
}

// forgive empties the account's debt after a right password.
func (t *throttle) forgive(account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.buckets, "account "+account)
}

func (t *throttle) sweep(now time.Time) {
	for k, b := range t.buckets {
		if b.full.Before(now) {
			delete(t.buckets, k)
		}
	}
}

// clientIP is the peer of the connection. Headers that name another are not
// believed: anybody can write them.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
