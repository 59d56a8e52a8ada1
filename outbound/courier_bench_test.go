//go:build unix

package outbound_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"kaveri/crm"
	"kaveri/outbound"
)

// A sink in a process of its own, to compare with other senders in one run.
var sink = flag.String("sink", "", "loopback address of an SMTP sink for BenchmarkSend; empty: one in this process")

// BenchmarkSend sends mails of 5 kB over 64 connections with an arm that costs
// nothing. cpu-us/mail is of this process, the sink's included when it is here.
func BenchmarkSend(b *testing.B) {
	const connections = 64
	addr := *sink
	if addr == "" {
		addr = fastSink(b)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		b.Fatal(err)
	}
	sender := crm.Sender{ID: 1, Host: host, Security: crm.SecurityNone, Connections: connections}
	sender.Port, _ = strconv.Atoi(port)
	c := outbound.NewCourier(outbound.CourierOptions{Name: "bench.example"})
	defer c.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()

	var next atomic.Int64
	var all sync.WaitGroup
	tail := strings.Repeat(strings.Repeat("What a line of a letter looks like. ", 3)[:76]+"\r\n", 64)
	arm := func([]int) error { return nil }
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	for range connections {
		all.Go(func() {
			s, err := c.Session(ctx, sender)
			if err != nil {
				b.Error(err)
				return
			}
			defer s.Release()
			var mail []byte
			to := make([]string, 1)
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					return
				}
				to[0] = fmt.Sprintf("user%07d@example.test", i)
				mail = fmt.Appendf(mail[:0], "From: News <news@kaveri.test>\r\nTo: <%s>\r\nSubject: Offer %d\r\nMessage-ID: <%d.bench@kaveri.test>\r\n\r\nHello %d!\r\n", to[0], i, i, i)
				mail = append(mail, tail...)
				r := s.Send(ctx, outbound.Envelope{From: "news@kaveri.test", To: to}, mail, arm)
				if r.Outcomes[0].State != crm.Sent {
					b.Errorf("%+v", r.Outcomes[0])
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric((cpu(b)-before)*1e6/float64(b.N), "cpu-us/mail")
}

func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// fastSink takes everything, with pipelining, at little cost.
func fastSink(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go takeAll(c)
		}
	}()
	return l.Addr().String()
}

func takeAll(c net.Conn) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	w := bufio.NewWriter(c)
	say := func(s string) {
		w.WriteString(s + "\r\n")
		if r.Buffered() == 0 {
			w.Flush()
		}
	}
	say("220 sink")
	inMail := false
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case err != nil:
			return
		case inMail && string(line) == ".\r\n":
			inMail = false
			say("250 2.0.0 taken")
		case inMail:
		case bytes.HasPrefix(line, []byte("EHLO")):
			say("250-sink\r\n250 PIPELINING")
		case bytes.HasPrefix(line, []byte("DATA")):
			inMail = true
			say("354 go on")
		default:
			say("250 2.1.0 well")
		}
	}
}
