package outbound

import (
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// wire is the bottom of a session: the TCP connection, beneath TLS where there
// is TLS. It counts what the kernel has taken, which alone tells whether a dot
// may have left, and bounds what a server may say before the session stands.
type wire struct {
	net.Conn
	wrote int64 // bytes that the kernel took
	allow int64 // bytes that may still be read; below 0: any number

	file   syscall.RawConn
	nowait bool // reads give errNothing instead of waiting
	try    func(fd uintptr) bool
	into   []byte // what try reads into, and what it found
	got    int
	err    error
}

// setupBytes bounds what a server says until the session stands: certificates
// are the most of it, and go-smtp keeps a whole reply in memory.
const setupBytes = 256 << 10

// sendBuffer bounds what the kernel holds back, and with it how much later than
// its write a dot can leave.
const sendBuffer = 256 << 10

var errFlood = errors.New("the server says more than a session needs")

// nothing is the error of a read that would have to wait. It is temporary, so
// that TLS goes on after it.
type nothing struct{}

func (nothing) Error() string   { return "nothing has come" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

var errNothing net.Error = nothing{}

func newWire(c net.Conn) *wire {
	w := &wire{Conn: c, allow: setupBytes}
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(sendBuffer) // a refusal leaves the system's own
		w.file, _ = tcp.SyscallConn()  // fails only on a closed connection
		w.try = func(fd uintptr) bool {
			w.got, w.err = readNow(fd, w.into)
			return true // never wait
		}
	}
	return w
}

func (w *wire) Read(p []byte) (int, error) {
	if w.nowait {
		return w.glance(p)
	}
	if w.allow < 0 {
		return w.Conn.Read(p)
	}
	if w.allow == 0 {
		return 0, errFlood
	}
	n, err := w.Conn.Read(p[:min(int64(len(p)), w.allow)])
	w.allow -= int64(n)
	return n, err
}

// glance reads what has come and does not wait for more.
func (w *wire) glance(p []byte) (int, error) {
	if w.file == nil {
		return 0, errNothing
	}
	w.into = p
	err := w.file.Read(w.try)
	if errors.Is(err, os.ErrDeadlineExceeded) { // of an earlier reply
		w.Conn.SetReadDeadline(time.Time{})
		err = w.file.Read(w.try)
	}
	w.into = nil
	if err != nil {
		return 0, err
	}
	return w.got, w.err
}

func (w *wire) Write(p []byte) (int, error) {
	point("write")
	n, err := w.Conn.Write(p)
	w.wrote += int64(n)
	point("written")
	return n, err
}

// cut ends the connection now; it may be called from any goroutine.
func (w *wire) cut() { w.Conn.Close() }

// loopback reports whether the other end is this machine, by the address that
// was reached and not by its name.
func (w *wire) loopback() bool {
	tcp, ok := w.RemoteAddr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
