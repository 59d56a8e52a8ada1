package testdovecot

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kaveri/internal/testproc"
)

// Password is the password of every user.
const Password = "secret"

// mailUID owns the mail when Dovecot runs as root; it needs no entry in /etc/passwd.
const mailUID = 5000

// Server is a private Dovecot. Its methods fail the test when something goes wrong.
type Server struct {
	t    testing.TB
	dir  *testproc.Dir
	bin  string
	port int
	proc *testproc.Process // nil while it is stopped
	own  *syscall.Credential
	opts options
	made atomic.Int64 // mails written, for unique file names
}

type options struct {
	capability string
	extra      string
}

// Option changes how the server is configured.
type Option func(*options)

// WithCapabilities makes the server announce only what is given, without CONDSTORE, IDLE, ESEARCH and the like, as a
// poor one does, for example WithCapabilities("IMAP4rev1 IDLE").
func WithCapabilities(list string) Option { return func(o *options) { o.capability = list } }

// WithConfig adds lines to the configuration file, for a test with a wish of its own.
func WithConfig(lines string) Option { return func(o *options) { o.extra += lines + "\n" } }

// Start starts a Dovecot without users. It ends with the test.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := &Server{t: t}
	for _, o := range opts {
		o(&s.opts)
	}
	var err error
	if s.bin, err = findBinary(); err != nil {
		t.Fatalf("testdovecot: %v", err)
	}
	if os.Geteuid() == 0 {
		s.own = &syscall.Credential{Uid: mailUID, Gid: mailUID}
	}
	if s.dir, err = testproc.NewDir("dovecot", nil); err != nil {
		t.Fatalf("testdovecot: %v", err)
	}
	t.Cleanup(s.end)
	if err := s.prepare(); err != nil {
		t.Fatalf("testdovecot: %v", err)
	}
	s.boot()
	return s
}

func findBinary() (string, error) {
	const missing = "install the package dovecot-imapd, or run `make test` as root, which does"
	for _, name := range []string{"dovecot", "/usr/sbin/dovecot"} { // sbin is not on everybody's PATH
		if path, err := exec.LookPath(name); err == nil {
			if _, err := os.Stat(filepath.Join(libexec, "imap")); err != nil {
				return "", fmt.Errorf("this Dovecot has no IMAP server (%w): %s", err, missing)
			}
			return path, nil
		}
	}
	return "", errors.New("no Dovecot found: " + missing)
}

func (s *Server) end() {
	if s.proc != nil {
		s.proc.Kill() // in order it would take a second
	}
	if s.t.Failed() {
		if log, err := os.ReadFile(s.logPath()); err == nil {
			s.t.Logf("the end of Dovecot's log:\n%s", log[max(0, len(log)-4000):])
		}
	}
	if err := s.dir.Remove(); err != nil {
		s.t.Errorf("testdovecot: %v", err)
	}
}

// boot starts the server on its port; the first time it looks for a free one.
func (s *Server) boot() {
	s.t.Helper()
	var err error
	if s.port != 0 {
		// The children of a killed server hold the port for a moment longer than it.
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if err = s.launch(); err == nil {
				return
			}
			if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
				s.t.Fatalf("testdovecot: %v", err)
			}
		}
	}
	// Below the kernel's range of ephemeral ports, so that no outgoing connection takes the port during a restart.
	for range 20 {
		s.port = 12_000 + rand.IntN(20_000)
		if err = s.launch(); err == nil {
			return
		}
	}
	s.t.Fatalf("testdovecot: %v", err)
}

func (s *Server) launch() error {
	if l, err := net.Listen("tcp", s.Addr()); err != nil {
		return err // somebody else's port; Dovecot would only say so in its log
	} else if err := l.Close(); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	cmd := exec.Command(s.bin, "-F", "-c", s.configPath())
	cmd.Dir = s.dir.Path
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	proc, err := testproc.Start(cmd, nil, syscall.SIGTERM)
	if err != nil {
		return err
	}
	if err := s.awaitGreeting(proc); err != nil {
		proc.Kill()
		log, _ := os.ReadFile(s.logPath()) // absent when it did not come that far
		return fmt.Errorf("%w\n%s", err, log)
	}
	s.proc = proc
	return nil
}

func (s *Server) awaitGreeting(proc *testproc.Process) error {
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := s.greeting()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no greeting: %w", err)
		}
		select {
		case <-proc.Done():
			return fmt.Errorf("the server ended at start: %w", proc.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) greeting() error {
	c, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	b := make([]byte, 4)
	if _, err := c.Read(b); err != nil {
		return err
	}
	if string(b) != "* OK" {
		return fmt.Errorf("the greeting begins with %q", b)
	}
	return nil
}

// Addr is the address of the IMAP server, as "127.0.0.1:port"; it stays the same over a restart.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// Kill ends the server and all its sessions at once, without a word to anybody.
func (s *Server) Kill() {
	s.t.Helper()
	if s.proc == nil {
		s.t.Fatal("testdovecot: Kill: the server is not running")
	}
	s.proc.Kill()
	s.proc = nil
	s.deaf()
}

// deaf waits until nobody listens on the port: the login processes hold it for
// a moment after the master has gone.
func (s *Server) deaf() {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < 10*time.Second; <-tick.C {
		c, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err != nil {
			return
		}
		c.Close()
	}
	s.t.Fatal("testdovecot: Kill: the killed server still takes connections after 10 s")
}

// Stop ends the server in order: sessions get their BYE.
func (s *Server) Stop() {
	s.t.Helper()
	if s.proc == nil {
		s.t.Fatal("testdovecot: Stop: the server is not running")
	}
	s.proc.Stop(syscall.SIGTERM, 5*time.Second)
	s.proc = nil
}

// Restart starts the server again on the same port and over the same mail; a running one is stopped first.
func (s *Server) Restart() {
	s.t.Helper()
	if s.proc != nil {
		s.Stop()
	}
	s.boot()
}
