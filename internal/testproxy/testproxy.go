package testproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Proxy forwards TCP connections to one address until the test breaks them. Its methods may be called at any time
// from any goroutine.
type Proxy struct {
	listener net.Listener
	done     sync.WaitGroup

	mu      sync.Mutex
	change  chan struct{} // closed and replaced when anything below changes
	target  string
	closed  bool
	stalled bool
	refuse  bool
	budget  int64        // bytes from the server until the next cut; < 0: no cut is planned
	next    func() int64 // the budget after a cut; nil: none
	links   map[*link]struct{}
	opened  int
	cuts    int
	passed  int64
}

// link is one client's connection and its continuation to the server.
type link struct{ client, server net.Conn }

// Start starts a proxy to the address target ("host:port", or the path of a Unix socket). It ends with the test.
func Start(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("testproxy: %v", err)
	}
	p := &Proxy{listener: l, target: target, budget: -1, change: make(chan struct{}), links: map[*link]struct{}{}}
	p.done.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is the address that clients connect to, as "127.0.0.1:port".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetTarget sends later connections to another address.
func (p *Proxy) SetTarget(target string) { p.set(func() { p.target = target }) }

// CutAll resets every open connection now. It counts as one cut if there was any.
func (p *Proxy) CutAll() { p.set(p.cut) }

// CutAfter resets every open connection once n more bytes have come from the server; n must be positive.
func (p *Proxy) CutAfter(n int64) { p.set(func() { p.budget, p.next = n, nil }) }

// CutEach cuts again and again: next gives the number of bytes from the server until the first cut and, after each
// cut, until the next one. A number that is not positive ends it.
func (p *Proxy) CutEach(next func() int64) {
	p.set(func() { p.next = next; p.plan() })
}

// Stall stops (true) or resumes (false) the flow of bytes in both directions; connections stay open.
func (p *Proxy) Stall(on bool) { p.set(func() { p.stalled = on }) }

// Refuse makes new connections end in a reset before any byte (true), or lets them through again (false).
func (p *Proxy) Refuse(on bool) { p.set(func() { p.refuse = on }) }

// Cuts is the number of cuts that have hit at least one open connection.
func (p *Proxy) Cuts() int { p.mu.Lock(); defer p.mu.Unlock(); return p.cuts }

// Open is the number of connections that are open now.
func (p *Proxy) Open() int { p.mu.Lock(); defer p.mu.Unlock(); return len(p.links) }

// Opened is the number of connections that have been forwarded since the start.
func (p *Proxy) Opened() int { p.mu.Lock(); defer p.mu.Unlock(); return p.opened }

// Passed is the number of bytes that have gone from the server to clients.
func (p *Proxy) Passed() int64 { p.mu.Lock(); defer p.mu.Unlock(); return p.passed }

// WaitCuts waits until there have been n cuts.
func (p *Proxy) WaitCuts(ctx context.Context, n int) error {
	for {
		p.mu.Lock()
		cuts, change := p.cuts, p.change
		p.mu.Unlock()
		if cuts >= n {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return fmt.Errorf("%d cuts of %d: %w", cuts, n, ctx.Err())
		}
	}
}

// set changes the state and tells everybody who waits for a change.
func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed()
}

func (p *Proxy) changed() {
	close(p.change)
	p.change = make(chan struct{})
}

// plan takes the next budget; the caller holds mu.
func (p *Proxy) plan() {
	p.budget = -1
	if p.next == nil {
		return
	}
	if p.budget = p.next(); p.budget <= 0 {
		p.budget, p.next = -1, nil
	}
}

// cut resets all connections; the caller holds mu.
func (p *Proxy) cut() {
	if len(p.links) > 0 {
		p.cuts++
	}
	for l := range p.links {
		l.reset()
	}
	clear(p.links)
}

// reset closes both ends; the client's with a TCP reset, which discards what is not sent yet.
func (l *link) reset() {
	if tcp, ok := l.client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails only on a closed connection
	}
	l.client.Close()
	l.server.Close()
}

func (p *Proxy) close() {
	p.set(func() { p.closed = true; p.cut() })
	p.listener.Close()
	p.done.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // a client that left before it was accepted
		}
		p.done.Go(func() { p.forward(client) })
	}
}

func (p *Proxy) forward(client net.Conn) {
	p.mu.Lock()
	target, refuse := p.target, p.refuse
	p.mu.Unlock()
	l := &link{client: client}
	var err error
	if !refuse {
		network := "tcp"
		if filepath.IsAbs(target) {
			network = "unix"
		}
		l.server, err = net.DialTimeout(network, target, 10*time.Second)
	}
	if refuse || err != nil {
		l.server = client
		l.reset()
		return
	}
	if !p.add(l) {
		l.reset()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(l, l.client, l.server, true) })
	both.Go(func() { p.pump(l, l.server, l.client, false) })
	both.Wait()
	p.set(func() { delete(p.links, l) })
	l.client.Close()
	l.server.Close()
}

func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.refuse {
		return false
	}
	p.links[l] = struct{}{}
	p.opened++
	p.changed()
	return true
}

// pump copies from one side to the other; an orderly end on one side becomes an orderly end on the other.
func (p *Proxy) pump(l *link, to, from net.Conn, fromServer bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !p.pass(l, to, buf[:n], fromServer) {
			return
		}
		if err != nil {
			if tcp, ok := to.(*net.TCPConn); ok && errors.Is(err, io.EOF) {
				_ = tcp.CloseWrite() // fails only when that side has gone too
			} else {
				to.Close()
			}
			return
		}
	}
}

// pass writes b, waits while the line is stalled, and cuts where the budget ends. It reports whether to go on.
func (p *Proxy) pass(l *link, to net.Conn, b []byte, fromServer bool) bool {
	if !p.flowing(l) {
		return false
	}
	if !fromServer {
		_, err := to.Write(b)
		return err == nil
	}
	n, last := p.spend(int64(len(b)))
	_, err := to.Write(b[:n])
	if last {
		p.set(func() { p.cut(); p.plan() })
	}
	return err == nil && !last
}

// flowing waits until the line is not stalled; false: this connection has been cut meanwhile.
func (p *Proxy) flowing(l *link) bool {
	for {
		p.mu.Lock()
		_, open := p.links[l]
		stalled, change := p.stalled, p.change
		p.mu.Unlock()
		if !open || !stalled {
			return open
		}
		<-change
	}
}

// spend takes up to n bytes from the budget; last says that the cut comes right behind them.
func (p *Proxy) spend(n int64) (take int64, last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	take = n
	if p.budget >= 0 {
		take = min(n, p.budget)
		p.budget -= take
		last = p.budget == 0
	}
	if last {
		p.budget = -1 // one cut, although another connection may spend before it falls
	}
	p.passed += take
	return take, last
}
