package testproxy

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// echo is a server that sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c) // ends when the client does
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func send(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

// reply reads until n bytes have come or the connection ends.
func reply(c net.Conn, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(c, b)
	return b[:got], err
}

func TestForwards(t *testing.T) {
	p := Start(t, echo(t))
	c := dial(t, p)
	want := bytes.Repeat([]byte("ystävä "), 100_000)
	go func() { _, _ = c.Write(want) }() // a short write shows as a short answer
	got, err := reply(c, len(want))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %d bytes of %d back, err %v", len(got), len(want), err)
	}
	if p.Passed() != int64(len(want)) || p.Opened() != 1 || p.Open() != 1 {
		t.Errorf("passed %d, opened %d, open %d", p.Passed(), p.Opened(), p.Open())
	}
}

// An orderly end of one direction is passed on, and the answer still comes.
func TestForwardsHalfClose(t *testing.T) {
	c := dial(t, Start(t, echo(t)))
	send(t, c, []byte("moi"))
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "moi" {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestCutAfter(t *testing.T) {
	p := Start(t, echo(t))
	p.CutAfter(10)
	c := dial(t, p)
	send(t, c, []byte("0123456"))
	if got, err := reply(c, 7); err != nil {
		t.Fatalf("cut too early, after %q: %v", got, err)
	}
	send(t, c, []byte("789abcdef"))
	got, err := reply(c, 9)
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the end is %v, want a reset", err)
	}
	if string(got) != "789" {
		t.Errorf("before the cut came %q, want the rest of the first ten bytes", got)
	}
	// One cut only: the next connection is left alone.
	c = dial(t, p)
	send(t, c, []byte("0123456789abcdef"))
	if got, err := reply(c, 16); err != nil {
		t.Errorf("after the cut: %q, %v", got, err)
	}
	if p.Cuts() != 1 {
		t.Errorf("%d cuts, want 1", p.Cuts())
	}
}

func TestCutEach(t *testing.T) {
	p := Start(t, echo(t))
	budgets := []int64{1, 5, 3, 0}
	p.CutEach(func() int64 {
		n := budgets[0]
		budgets = budgets[1:]
		return n
	})
	for _, want := range []int{1, 5, 3, 8} {
		c := dial(t, p)
		send(t, c, []byte("01234567"))
		if got, _ := reply(c, 8); len(got) != want { // the error of a cut is the matter of TestCutAfter
			t.Errorf("got %d bytes, want %d", len(got), want)
		}
		c.Close()
	}
	if err := p.WaitCuts(t.Context(), 3); err != nil {
		t.Error(err)
	}
	if p.Cuts() != 3 {
		t.Errorf("%d cuts, want 3", p.Cuts())
	}
}

func TestCutAll(t *testing.T) {
	p := Start(t, echo(t))
	a, b := dial(t, p), dial(t, p)
	for _, c := range []net.Conn{a, b} {
		send(t, c, []byte("x"))
		if _, err := reply(c, 1); err != nil {
			t.Fatal(err)
		}
	}
	p.CutAll()
	for _, c := range []net.Conn{a, b} {
		if _, err := reply(c, 1); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("after CutAll: %v, want a reset", err)
		}
	}
	p.CutAll()
	if p.Cuts() != 1 || p.Open() != 0 {
		t.Errorf("%d cuts and %d open, want 1 (the second CutAll hit nothing) and 0", p.Cuts(), p.Open())
	}
}

func TestStall(t *testing.T) {
	p := Start(t, echo(t))
	c := dial(t, p)
	p.Stall(true)
	send(t, c, []byte("x"))
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := reply(c, 1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("while stalled: %v, want only our own deadline", err)
	}
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	p.Stall(false)
	if got, err := reply(c, 1); err != nil || string(got) != "x" {
		t.Errorf("after the stall: %q, %v", got, err)
	}
}

// A stalled connection can be cut, and the proxy can end while one is stalled.
func TestStalledEnds(t *testing.T) {
	p := Start(t, echo(t))
	c := dial(t, p)
	p.Stall(true)
	send(t, c, []byte("x"))
	for p.Open() == 0 { // until the connection has been forwarded
		<-time.After(time.Millisecond)
	}
	p.CutAll()
	if _, err := reply(c, 1); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a cut while stalled: %v, want a reset", err)
	}
	send(t, dial(t, p), []byte("x"))
}

func TestRefuseAndDeadTarget(t *testing.T) {
	p := Start(t, echo(t))
	// The reset may come before the dial has returned; either way no byte comes.
	byteFrom := func() error {
		c, err := net.Dial("tcp", p.Addr())
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = reply(c, 1)
		return err
	}
	p.Refuse(true)
	if byteFrom() == nil {
		t.Error("a refused connection gave a byte")
	}
	p.Refuse(false)
	live := p.target
	p.SetTarget("127.0.0.1:1") // nobody listens there
	if byteFrom() == nil {
		t.Error("a dead target gave a byte")
	}
	p.SetTarget(live)
	c := dial(t, p)
	send(t, c, []byte("x"))
	if _, err := reply(c, 1); err != nil {
		t.Errorf("after both: %v", err)
	}
}
