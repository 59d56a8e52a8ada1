package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"kaveri/crm"
	"kaveri/internal/samplecompany"
	"kaveri/store"
	"kaveri/web"
)

// demoOptions say how the sample company is shown.
type demoOptions struct {
	listen string        // address and port of its pages
	host   string        // how the printed address names this machine
	every  time.Duration // between new mails; 0 is the company's own choice
}

func (p *program) demoCommand() *cobra.Command {
	o := demoOptions{host: "localhost"}
	c := &cobra.Command{
		Use: "demo", Short: "Look around in a sample company with real IMAP and mail that keeps arriving; nothing stays", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			host, _, err := net.SplitHostPort(o.listen)
			if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
				return misused("--listen: the sample company is shown on this machine only; write it like 127.0.0.1:8901")
			}
			if o.every < 0 {
				return misused("--every: write a time such as 20s")
			}
			return p.demo(c.Context(), o)
		},
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8901", "loopback address and port of the pages; port 0 takes a free one")
	c.Flags().DurationVar(&o.every, "every", 0, "how often new mail arrives (default 20s)")
	return c
}

func (p *program) demo(ctx context.Context, o demoOptions) error {
	d, err := p.startDemo(ctx, o)
	if err != nil {
		return err
	}
	p.printf("The sample company is at %s\n", d.url)
	p.printf("The link signs in once; later, sign in as %s with the password %s\n", d.account.Address, d.account.Password)
	p.printf("Other verbs look at it from another terminal: kaveri --data %s customer list\n", d.dir)
	return d.run(ctx)
}

// demo is the running sample company: its mail servers, a store of its own in
// a folder of its own, and the same site as any other.
type demo struct {
	url, base string // url signs in once
	account   samplecompany.Account

	dir     string
	company *samplecompany.Company
	store   *store.Store
	site    *site
}

// startDemo starts everything but the followers; the address answers from now
// on. run must be called.
func (p *program) startDemo(ctx context.Context, o demoOptions) (_ *demo, err error) {
	d := &demo{}
	defer func() {
		if err != nil {
			d.clear()
		}
	}()
	if d.dir, err = os.MkdirTemp("", "kaveri-demo-"); err != nil {
		return nil, err
	}
	if d.company, err = samplecompany.Start(context.WithoutCancel(ctx), samplecompany.Options{Seed: 1, Now: p.now, Every: o.every}); err != nil {
		return nil, err
	}
	// The usual names, so that --data is enough for any other verb beside it.
	keyFile := filepath.Join(d.dir, "kaveri.key")
	key, err := makeKey(keyFile, nil)
	if err != nil {
		return nil, err
	}
	if d.store, err = store.Open(ctx, "sqlite://"+filepath.ToSlash(filepath.Join(d.dir, "kaveri.db")), p.storeOptions(key, keyFile)); err != nil {
		return nil, err
	}
	if err = d.furnish(ctx); err != nil {
		return nil, err
	}
	l, err := listen(ctx, "listen", o.listen)
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	token := rand.Text()
	d.base = "http://" + net.JoinHostPort(o.host, port) + "/"
	d.url = d.base + "?token=" + token
	d.site, err = newSite(d.store, l, p.log, p.now, web.Options{
		Courier:     courier{d.store, p.senderCourier()},
		SignInToken: token, SignInAs: crm.Address(d.account.Address), SignInHint: d.account.Address + " / " + d.account.Password,
	})
	if err != nil {
		l.Close()
	}
	return d, err
}

// furnish sets the firm up as its owner would: settings, colleagues, mailboxes.
func (d *demo) furnish(ctx context.Context) error {
	accounts := d.company.Accounts()
	d.account = accounts[0]
	firm := crm.Firm{Name: d.company.FirmName(), Domains: []string{d.company.Domain()}, TimeZone: "Europe/Helsinki", Currency: "EUR", Language: "en", Policy: crm.PolicyKnown}
	if err := d.store.SaveFirm(ctx, crm.SystemViewer, firm); err != nil {
		return err
	}
	host, portText, err := net.SplitHostPort(d.company.IMAPAddr())
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return err
	}
	for i, a := range accounts {
		role := crm.StaffMember
		if i == 0 {
			role = crm.StaffAdmin
		}
		u, err := d.store.AddStaff(ctx, crm.SystemViewer, crm.Staff{Name: a.Name, Address: crm.Address(a.Address), Role: role}, a.Password)
		if err != nil {
			return err
		}
		// SecurityNone: the server is in this process, on loopback.
		_, err = d.store.AddMailbox(ctx, crm.SystemViewer, crm.Mailbox{Staff: u.ID, Address: u.Address, Label: a.Address, Host: host, Port: port,
			Security: crm.SecurityNone, Username: a.Username, Password: a.Password})
		if err != nil {
			return err
		}
	}
	return d.sell(ctx)
}

// sell brings in what customers have ordered. The ladder is found from it when
// the site runs.
func (d *demo) sell(ctx context.Context) error {
	for part := range slices.Chunk(d.company.Orders(), 500) {
		results, err := d.store.SaveOrders(ctx, crm.SystemViewer, part, store.OrderOptions{})
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Err != nil {
				return r.Err
			}
		}
	}
	return nil
}

// run shows the company until ctx ends, then removes it.
func (d *demo) run(ctx context.Context) error {
	defer d.clear()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.site.run(ctx) })
	g.Go(func() error { return quiet(d.company.Run(ctx)) })
	return g.Wait()
}

// clear stops and removes whatever was started.
func (d *demo) clear() {
	var err error
	if d.store != nil {
		err = errors.Join(err, d.store.Close())
	}
	if d.company != nil {
		err = errors.Join(err, d.company.Close())
	}
	if d.dir != "" {
		err = errors.Join(err, os.RemoveAll(d.dir))
	}
	_ = err // it is made-up data in a temporary folder
}
