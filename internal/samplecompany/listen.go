package samplecompany

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/netutil"
)

// connections is how many clients each server takes at once; more wait.
const connections = 100

// listener cuts its connections when it is closed. The servers do so as well, except for a connection that they have
// accepted and not yet entered into their books.
type listener struct {
	net.Listener

	mutex  sync.Mutex
	open   map[*connection]struct{}
	closed bool
}

type connection struct {
	net.Conn
	from *listener
}

// listen opens a port, on loopback or not at all.
func listen(ctx context.Context, addr string) (*listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsLoopback() {
		return nil, fmt.Errorf("%q is not a loopback address and port, such as 127.0.0.1:1143", addr)
	}
	var lc net.ListenConfig
	inner, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &listener{Listener: netutil.LimitListener(inner, connections), open: map[*connection]struct{}{}}, nil
}

// Accept waits for the next client.
func (l *listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed {
		inner.Close()
		return nil, net.ErrClosed
	}
	c := &connection{Conn: inner, from: l}
	l.open[c] = struct{}{}
	return c, nil
}

// Close stops listening and cuts every connection.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.closed = true
	for c := range l.open {
		c.Conn.Close()
	}
	clear(l.open)
	return err
}

// Close closes the connection and forgets it.
func (c *connection) Close() error {
	c.from.mutex.Lock()
	delete(c.from.open, c)
	c.from.mutex.Unlock()
	return c.Conn.Close()
}
