package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"kaveri/crm"
)

// visited keeps a request for a link. When that fails, its reader is served all
// the same.
func (p *public) visited(r *http.Request, c *publicCall, id crm.DispatchID, link crm.LinkNumber) {
	v := crm.Visit{Link: link, At: c.at, Method: r.Method, Agent: r.UserAgent(), Prefetch: prefetched(r.Header), Visitor: p.Store.Visitor(c.ip)}
	if err := p.Store.Visited(r.Context(), id, v); err != nil && crm.KindOf(err) != crm.KindNotFound {
		p.Log.WarnContext(r.Context(), "a visit could not be kept", "error", err)
	}
}

// prefetched reports a request that a browser or a program makes ahead of its
// reader. Each has its own field for it.
func prefetched(h http.Header) bool {
	for _, field := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(h.Get(field)); strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}

// publicIP is the network address that asks: of IPv6 the first half, since one
// reader has all of the second. Behind a proxy on this machine it is the one
// that the proxy has written down, which stands last; nobody else is believed.
func publicIP(r *http.Request) string {
	peer, err := netip.ParseAddr(clientIP(r))
	if err != nil {
		return clientIP(r)
	}
	if peer.IsLoopback() {
		list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		last := strings.TrimSpace(list[len(list)-1])
		if host, _, err := net.SplitHostPort(last); err == nil {
			last = host
		}
		if a, err := netip.ParseAddr(last); err == nil {
			peer = a
		}
	}
	if peer = peer.Unmap().WithZone(""); peer.Is6() {
		if half, err := peer.Prefix(64); err == nil {
			return half.String()
		}
	}
	return peer.String()
}

// proofOf is what is kept with a statement: when, from where, with what.
func proofOf(r *http.Request, c *publicCall) string {
	agent := r.UserAgent()
	return c.at.UTC().Format("2006-01-02 15:04:05 MST") + ", from " + c.ip + ", with " + agent[:min(len(agent), 300)]
}
