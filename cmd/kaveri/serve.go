package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/web"
)

// serving is what the flags of serve say.
type serving struct {
	listen, url, public string
	drop                dropping
}

func (p *program) serveCommand() *cobra.Command {
	var o serving
	c := &cobra.Command{
		Use: "serve", Short: "Serve the pages and follow the mailboxes, until it is interrupted", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if p.logLevel == "" {
				p.setLog(slog.LevelInfo)
			}
			return p.serve(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8900", "address and port of the pages; port 0 takes a free one")
	c.Flags().StringVar(&o.url, "url", "", "address by which people reach the pages, when a proxy with https stands in front")
	o.drop.flags(c.Flags())
	c.Flags().StringVar(&o.public, "public", "", "address and port of the links in mail (unsubscribe, clicks), which have a listener of their own; none unless given")
	return c
}

func (p *program) serve(ctx context.Context, o serving) error {
	secure, err := o.check()
	if err != nil {
		return err
	}
	if err := o.drop.check(); err != nil {
		return err
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	staff, err := s.Staff(ctx)
	if err != nil {
		return err
	}
	l, err := listen(ctx, "listen", o.listen)
	if err != nil {
		return err
	}
	options := web.Options{Secure: secure, Courier: courier{s, p.senderCourier()}}
	live, end := context.WithCancel(ctx)
	around := &lookAround{p: p, live: live, host: otherLoopback(o.listen)}
	defer around.done.Wait()
	defer end()
	if len(staff) == 0 {
		options.SetupToken = rand.Text()
		if isLoopback(l.Addr()) { // elsewhere the sample company, which is on loopback, would not be reached
			options.Demo = around.start
		}
	}
	running, err := newSite(s, l, p.log, p.now, options)
	if err != nil {
		l.Close()
		return err
	}
	running.drop, running.door, err = o.drop.open(ctx, p, s, ingest.NewKeeper(running.follower, s))
	if err == nil {
		running.post, err = p.newPost(ctx, s)
	}
	if err == nil && o.public != "" {
		err = running.openPublic(ctx, s, o.public)
	}
	if err != nil {
		l.Close()
		return err
	}
	p.announce(o.base(l.Addr()), options.SetupToken)
	if running.door != nil {
		p.printf("Mail may be dropped at %s\n", running.door.Addr())
	}
	if running.public != nil {
		p.printf("The links in mail are answered at http://%s/\n", running.public.listener.Addr())
	}
	err = running.run(ctx)
	p.log.Info("stopped")
	return err
}

// check reads the flags; secure says that people come by https.
func (o serving) check() (secure bool, err error) {
	if err := checkListen("listen", o.listen); err != nil {
		return false, err
	}
	if o.public != "" {
		if err := checkListen("public", o.public); err != nil {
			return false, err
		}
	}
	if o.url == "" {
		return false, nil
	}
	u, err := url.Parse(o.url)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return false, misused("--url: %q is not an address of pages; write it like https://kaveri.example.com", o.url)
	}
	return u.Scheme == "https", nil
}

// base is the address of the pages, with a slash at its end.
func (o serving) base(at net.Addr) string {
	if o.url != "" {
		return strings.TrimSuffix(o.url, "/") + "/"
	}
	_, port, _ := net.SplitHostPort(at.String())
	host, _, _ := net.SplitHostPort(o.listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// announce prints where the pages are, and while nobody works here the token
// that opens the first one.
func (p *program) announce(base, token string) {
	p.printf("Kaveri is at %s\n", base)
	if token != "" {
		p.printf("Nobody works here yet. Begin at %s?token=%s\n", base, token)
	}
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// otherLoopback names this machine otherwise than the main pages do: cookies
// do not tell ports apart, and the sample company has sessions of its own.
func otherLoopback(listen string) string {
	if host, _, _ := net.SplitHostPort(listen); host == "localhost" {
		return "127.0.0.1"
	}
	return "localhost"
}

// lookAround starts the sample company when somebody asks for it, once, and
// keeps it until the end.
type lookAround struct {
	p    *program
	live context.Context // of the whole program, not of the request that asked
	host string

	mu      sync.Mutex
	running *demo
	done    sync.WaitGroup
}

func (a *lookAround) start(context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running != nil { // the link has been used; the sign-in page has the account
		return a.running.base, nil
	}
	d, err := a.p.startDemo(a.live, demoOptions{listen: "127.0.0.1:0", host: a.host})
	if err != nil {
		return "", crm.Unavailable(err, "the sample company cannot be started now")
	}
	a.running = d
	a.done.Go(func() {
		if err := d.run(a.live); err != nil {
			a.p.log.Error("the sample company has ended", "error", err)
		}
		a.mu.Lock()
		a.running = nil
		a.mu.Unlock()
	})
	return d.url, nil
}
