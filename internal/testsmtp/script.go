package testsmtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"kaveri/crm"
)

// Server is a mail server that does what a script says.
type Server struct {
	t        testing.TB
	listener net.Listener
	script   func(*Peer)
	done     sync.WaitGroup

	mutex  sync.Mutex
	open   map[net.Conn]bool
	mails  []string // whose dot has come
	yes    int
	heard  []string
	conns  int
	closed bool
}

// Serve starts a server that runs the script on each connection, and closes it
// when the script returns. It ends with the test.
func Serve(t testing.TB, script func(*Peer)) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("testsmtp: %v", err)
	}
	s := &Server{t: t, listener: l, script: script, open: map[net.Conn]bool{}}
	s.done.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

// Pipe is [Serve] without a network, for tests on a clock of their own
// (testing/synctest): clients come by [Server.Dial].
func Pipe(t testing.TB, script func(*Peer)) *Server {
	t.Helper()
	s := &Server{t: t, script: script, open: map[net.Conn]bool{}}
	t.Cleanup(s.close)
	return s
}

// loopback is where the server of [Pipe] says that it is.
var loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 25}

// piped is an end of a pipe that says to be a connection within this machine.
type piped struct{ net.Conn }

// RemoteAddr is where the server says that it is.
func (piped) RemoteAddr() net.Addr { return loopback }

// LocalAddr is on the same machine.
func (piped) LocalAddr() net.Addr { return loopback }

// Dial gives a connection to a server of [Pipe], whatever the address.
func (s *Server) Dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.begin(server)
	return piped{client}, nil
}

// Sender gives the settings of an account at the server, without encryption.
func (s *Server) Sender() crm.Sender {
	if s.listener == nil {
		return senderAt(loopback)
	}
	return senderAt(s.listener.Addr())
}

// Mails are those that came complete with their final dot, as they were on the
// wire: dots are still doubled.
func (s *Server) Mails() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string(nil), s.mails...)
}

// Yes counts the dots that were answered by 2xx, through [Peer.Take].
func (s *Server) Yes() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.yes
}

// Heard are the commands of all connections.
func (s *Server) Heard() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string(nil), s.heard...)
}

// Connections counts those that were made so far.
func (s *Server) Connections() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.conns
}

// Stop takes no more connections, and waits until the scripts have ended; the
// client is to have closed what it holds.
func (s *Server) Stop() {
	s.hangUp()
	s.done.Wait()
}

// hangUp takes no more connections.
func (s *Server) hangUp() {
	if s.listener != nil {
		s.listener.Close()
	}
}

func (s *Server) close() {
	s.hangUp()
	s.mutex.Lock()
	s.closed = true
	for c := range s.open {
		c.Close()
	}
	s.mutex.Unlock()
	s.done.Wait()
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.begin(c)
	}
}

// begin plays the script on a connection.
func (s *Server) begin(c net.Conn) {
	s.mutex.Lock()
	s.conns++
	n := s.conns
	s.open[c] = true
	if s.closed {
		c.Close()
	}
	s.mutex.Unlock()
	s.done.Go(func() { s.play(c, n) })
}

// gone is the panic that ends a script whose client has left.
type gone struct{}

func (s *Server) play(c net.Conn, n int) {
	p := &Peer{Connection: n, server: s, raw: c, conn: c, in: bufio.NewReader(c)}
	defer func() {
		p.conn.Close()
		s.mutex.Lock()
		delete(s.open, c)
		s.mutex.Unlock()
		if r := recover(); r != nil && r != (gone{}) {
			panic(r)
		}
	}()
	s.script(p)
}

// Peer is the server's end of a connection. A call that finds the client gone
// ends the script.
type Peer struct {
	Connection int // 1 for the first
	server     *Server
	raw, conn  net.Conn
	in         *bufio.Reader
}

// Say sends lines, in one write.
func (p *Peer) Say(lines ...string) { p.Raw(strings.Join(lines, "\r\n") + "\r\n") }

// Raw sends bytes as they are.
func (p *Peer) Raw(s string) {
	if _, err := io.WriteString(p.conn, s); err != nil {
		panic(gone{})
	}
}

// Hear reads a command and says it without its end.
func (p *Peer) Hear() string {
	line, err := p.in.ReadString('\n')
	if err != nil {
		panic(gone{})
	}
	line = strings.TrimRight(line, "\r\n")
	p.server.mutex.Lock()
	p.server.heard = append(p.server.heard, line)
	p.server.mutex.Unlock()
	return line
}

// Expect reads a command that must begin with prefix.
func (p *Peer) Expect(prefix string) string {
	line := p.Hear()
	if !strings.HasPrefix(line, prefix) {
		p.server.t.Errorf("the server got %q, want %s", line, prefix)
		panic(gone{})
	}
	return line
}

// Greet sends the greeting and answers EHLO with the extensions.
func (p *Peer) Greet(extensions ...string) {
	p.Say("220 script.example ESMTP")
	p.Hello(extensions...)
}

// Hello answers EHLO with the extensions.
func (p *Peer) Hello(extensions ...string) {
	p.Expect("EHLO ")
	lines := []string{"250-script.example at your service"}
	for _, e := range extensions {
		lines = append(lines, "250-"+e)
	}
	p.Say(append(lines, "250 HELP")...)
}

// Answer expects the commands and gives each its reply: pairs of both.
func (p *Peer) Answer(pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		p.Expect(pairs[i])
		p.Say(pairs[i+1])
	}
}

// Offered accepts MAIL and one RCPT, and asks for the mail.
func (p *Peer) Offered() {
	p.Answer("MAIL FROM:", "250 2.1.0 fine", "RCPT TO:", "250 2.1.5 fine", "DATA", "354 go on")
}

// Mail reads a mail up to its final dot, and notes that it came.
func (p *Peer) Mail() string {
	var mail strings.Builder
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			panic(gone{})
		}
		if line == ".\r\n" {
			break
		}
		mail.WriteString(line)
	}
	p.server.mutex.Lock()
	defer p.server.mutex.Unlock()
	p.server.mails = append(p.server.mails, mail.String())
	return mail.String()
}

// Take says yes to the mail that has come.
func (p *Peer) Take(reply string) {
	p.server.mutex.Lock()
	p.server.yes++
	p.server.mutex.Unlock()
	p.Say(reply)
}

// Secure goes on under TLS.
func (p *Peer) Secure(c *tls.Config) {
	t := tls.Server(p.conn, c)
	if t.Handshake() != nil {
		panic(gone{})
	}
	p.conn, p.in = t, bufio.NewReader(t)
}

// Hang says nothing more and waits until the client has gone.
func (p *Peer) Hang() {
	io.Copy(io.Discard, p.in) // an error is an end as well
}

// Leave ends the connection in order.
func (p *Peer) Leave() { panic(gone{}) }

// Reset ends the connection by a TCP reset.
func (p *Peer) Reset() {
	if tcp, ok := p.raw.(*net.TCPConn); ok {
		tcp.SetLinger(0) // fails only on a closed connection
	}
	p.raw.Close()
	panic(gone{})
}
