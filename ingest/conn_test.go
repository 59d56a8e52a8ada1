package ingest_test

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testsmtp"
)

// A mail server whose certificate nobody here knows is said to be that, and not
// to have another name.
func TestUnknownAuthority(t *testing.T) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", testsmtp.NewAuthority(t).Server("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*tls.Conn).Handshake() // fails, since the client does
			c.Close()
		}
	}()
	err = ingest.Try(t.Context(), crm.Mailbox{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: crm.SecurityTLS, Username: "anna", Password: "x"})
	if crm.KindOf(err) != crm.KindInvalid || !strings.Contains(err.Error(), "an authority that this machine does not know (test authority)") {
		t.Errorf("%v", err)
	}
}
